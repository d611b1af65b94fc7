//! The commands about installed plugins: on the data directory, or by the server that has its store open.

mod change;
mod row;

use std::path::Path;
use std::sync::Arc;

use kubeorch_core::plugins::{Key, Policy, Trust};
use kubeorch_core::secret::Secret;
use kubeorch_core::store::{Error, Redb, redb};
use kubeorch_core::time::SystemClock;

pub(crate) use change::Change;
use change::{Given, Place};
pub(crate) use row::Row;

use crate::cli::args::{self, Component, Rules};
use crate::cli::engine::{self, STORE};
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document};
use crate::cli::store::{absolute, data_dir, present};

/// How addresses begin; everything else is a path.
const REMOTE: [&str; 2] = ["https://", "oci://"];

/// `plugin install`.
pub(super) async fn install(args: &args::Install, terminal: &mut Terminal) -> Outcome {
    manage(Change::Install { component: given(&args.component)? }, &args.rules, terminal).await
}

/// `plugin list`.
pub(super) async fn list(args: &args::List, terminal: &mut Terminal) -> Outcome {
    manage(Change::List, &args.rules, terminal).await
}

/// `plugin upgrade`.
pub(super) async fn upgrade(args: &args::Upgrade, terminal: &mut Terminal) -> Outcome {
    let (id, component, downgrade) = (args.id.clone(), given(&args.component)?, args.downgrade);
    manage(Change::Upgrade { id, component, downgrade }, &args.rules, terminal).await
}

/// `plugin rollback`.
pub(super) async fn rollback(args: &args::Rollback, terminal: &mut Terminal) -> Outcome {
    let change = Change::Rollback { id: args.id.clone(), version: args.version.clone() };
    manage(change, &args.rules, terminal).await
}

/// `plugin remove`.
pub(super) async fn remove(args: &args::Remove, terminal: &mut Terminal) -> Outcome {
    manage(Change::Remove { id: args.id.clone(), force: args.force }, &args.rules, terminal).await
}

/// The component as the server sees it, which runs in another directory.
fn given(component: &Component) -> Result<Given, Failure> {
    let signature = component.signature.as_ref().map(|path| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
    });
    Ok(Given {
        place: place(&component.source)?,
        sha256: component.sha256.clone(),
        signature: signature.transpose()?,
    })
}

fn place(source: &str) -> Result<Place, Failure> {
    if REMOTE.iter().any(|scheme| source.starts_with(scheme)) {
        return Ok(Place::Remote(source.to_owned()));
    }
    let path = Path::new(source);
    if path.is_file() {
        return Ok(Place::File(absolute(path)?));
    }
    let hint = "Make it with `kubeorch plugin build --release`, which prints where it is.";
    Err(Failure::usage(format!("there is no file {source}")).hint(hint))
}

/// Makes the change and prints what is there now.
async fn manage(change: Change, rules: &Rules, terminal: &mut Terminal) -> Outcome {
    let dir = data_dir(&rules.place)?;
    if !matches!(change, Change::Install { .. }) {
        present(&dir)?;
    }
    // Before the store is made; it matters only where no server has it open.
    let key = engine::key_of_server(&dir);
    let opened = Redb::open(dir.join(STORE), redb::Options::default(), Arc::new(SystemClock));
    let rows: Vec<Row> = match opened {
        Ok(store) => alone(&dir, key?, store, rules, change.clone()).await?,
        #[cfg(unix)]
        Err(Error::Locked(_)) => {
            terminal.note("A server has the store open and does it itself, by its own rules.");
            let request = crate::cli::store::control::Request::Plugin { change: change.clone() };
            crate::cli::store::control::ask(&dir, &request, terminal).await?
        }
        Err(error) => return Err(kubeorch_core::Error::from(error).into()),
    };
    let text = document(rules.output, &rows).unwrap_or_else(|| row::told(&change, &rows));
    terminal.data(&text)?;
    Ok(exit::OK)
}

/// On the store of a data directory that nobody uses.
async fn alone(
    dir: &Path,
    key: Secret,
    store: Redb,
    rules: &Rules,
    change: Change,
) -> Result<Vec<Row>, Failure> {
    let engine = engine::for_plugins(dir, key, Arc::new(store), policy(rules)?).await?;
    let done = change.perform(engine.plugins()).await;
    engine.shutdown().await;
    done
}

fn policy(rules: &Rules) -> Result<Policy, Failure> {
    let keys = rules.trusted_key.iter().map(|text| {
        Key::parse(text).map_err(|error| {
            Failure::usage(format!("--trusted-key: {error}"))
                .hint("Give the line that `minisign -G` printed.")
        })
    });
    let trust = Trust { keys: keys.collect::<Result<_, _>>()?, allow_unsigned: rules.allow_unsigned };
    Ok(Policy { trust, ..Policy::default() })
}
