//! `verify`: whether a store or a backup is whole.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use kubeorch_core::store::verify::Fault;
use kubeorch_core::store::{Db, Error, Redb, redb};
use kubeorch_core::time::SystemClock;
use serde::{Deserialize, Serialize};

use super::{data_dir, joined, present};
use crate::cli::args;
use crate::cli::engine::STORE;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Table, Terminal, document, seconds};
use crate::cli::signals::Signals;

/// The answer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    /// What is wrong; empty when nothing is.
    pub(super) faults: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Finding {
    place: String,
    what: String,
}

impl From<Vec<Fault>> for Report {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults: faults.into_iter().map(|Fault { place, what }| Finding { place, what }).collect() }
    }
}

/// Checks, and lists what is wrong.
pub(crate) async fn verify(args: &args::Verify, terminal: &mut Terminal) -> Outcome {
    let began = Instant::now();
    let mut signals = Signals::listen()?;
    let report = signals.or(look(args, terminal)).await?;
    let code = if report.faults.is_empty() { exit::OK } else { exit::STORE };
    let text = document(args.output, &report).unwrap_or_else(|| told(&report, &seconds(began.elapsed())));
    terminal.data(&text)?;
    Ok(code)
}

async fn look(args: &args::Verify, terminal: &mut Terminal) -> Result<Report, Failure> {
    Ok(match args.path.as_deref() {
        Some(path) if path.join("manifest.json").is_file() => {
            redb::Manifest::check(path).map_err(kubeorch_core::Error::from)?;
            Report::default()
        }
        Some(path) if path.is_dir() => store(&present(path)?, path, terminal).await?,
        Some(path) if path.is_file() => {
            store(path, path.parent().unwrap_or(Path::new(".")), terminal).await?
        }
        Some(path) => return Err(Failure::usage(format!("{} is not there", path.display()))),
        None => {
            let dir = data_dir(&args.place)?;
            store(&present(&dir)?, &dir, terminal).await?
        }
    })
}

async fn store(file: &Path, dir: &Path, terminal: &mut Terminal) -> Result<Report, Failure> {
    match Redb::open(file, redb::Options::default(), Arc::new(SystemClock)) {
        Ok(store) => check(Db::new(Arc::new(store), Arc::new(SystemClock))).await,
        #[cfg(unix)]
        Err(Error::Locked(_)) if dir.join(STORE) == *file => {
            terminal.note("A server has the store open and checks it itself.");
            super::control::ask(dir, &super::control::Request::Verify, terminal).await
        }
        Err(error) => Err(kubeorch_core::Error::from(error).into()),
    }
}

/// Walks everything on a thread that may block.
pub(super) async fn check(db: Db) -> Result<Report, Failure> {
    let faults = tokio::task::spawn_blocking(move || db.verify(&kubeorch_core::schema()));
    Ok(joined(faults.await)?.into())
}

fn told(report: &Report, took: &str) -> String {
    if report.faults.is_empty() {
        return format!("Nothing is wrong; checked in {took}\n");
    }
    let mut table = Table::new(&["PLACE", "FAULT"]);
    for Finding { place, what } in &report.faults {
        table.row([place.clone(), what.clone()]);
    }
    format!(
        "{}\n{} faults; restore a backup, and keep this file for analysis\n",
        table.render(),
        report.faults.len()
    )
}
