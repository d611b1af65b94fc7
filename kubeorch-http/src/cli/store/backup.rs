//! `backup`: a copy of the store, made while it is used.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_core::store::{Error, Redb, redb};
use kubeorch_core::time::SystemClock;

use super::pace::Pace;
use super::{Size, absolute, data_dir, present};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document, seconds};

/// Makes the backup, or has the server make it that has the store open.
pub(crate) async fn backup(args: &args::Backup, terminal: &mut Terminal) -> Outcome {
    let dir = data_dir(&args.place)?;
    let file = present(&dir)?;
    let (destination, base) = (absolute(&args.destination)?, args.base.as_deref().map(absolute).transpose()?);
    if destination.exists() {
        let message = format!("{} is there already", destination.display());
        return Err(
            Failure::usage(message).hint("Choose a folder that is not there; a backup is never changed.")
        );
    }
    let began = Instant::now();
    let opened = Redb::open(&file, redb::Options::default(), Arc::new(SystemClock));
    let manifest = match opened {
        Ok(store) => make(&store, base.as_deref(), &destination, args.rate, |bytes| {
            terminal.note(&format!("{} copied", Size(bytes)));
            ControlFlow::Continue(())
        })
        .map_err(kubeorch_core::Error::from)?,
        #[cfg(unix)]
        Err(Error::Locked(_)) => {
            terminal.note("A server has the store open and makes the backup itself.");
            let request = super::control::Request::Backup { destination, base, rate: args.rate.0 };
            super::control::ask(&dir, &request, terminal).await?
        }
        Err(error) => return Err(kubeorch_core::Error::from(error).into()),
    };
    terminal.data(&match document(args.output, &manifest) {
        Some(text) => text,
        None => summary(&manifest, &args.destination, began.elapsed()),
    })?;
    Ok(exit::OK)
}

/// Makes a backup of an open store at a rate, and tells how far it is every eighth of a GiB or so.
pub(super) fn make(
    store: &Redb,
    base: Option<&Path>,
    destination: &Path,
    rate: Size,
    mut tell: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<redb::Manifest, Error> {
    const TELL: u64 = 128 << 20;
    let (mut pace, mut told) = (Pace::new(rate), 0);
    let watch = |bytes| {
        let wait = pace.wait(bytes);
        if wait > Duration::from_millis(1) {
            std::thread::sleep(wait);
        }
        if pace.bytes - told < TELL {
            return tell_nothing();
        }
        told = pace.bytes;
        tell(told)
    };
    match base {
        None => store.backup(destination, watch),
        Some(base) => store.backup_since(base, destination, watch),
    }
}

fn tell_nothing() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn summary(manifest: &redb::Manifest, destination: &Path, took: Duration) -> String {
    let rows: u64 =
        manifest.rows.iter().filter(|(table, _)| !table.starts_with('!')).map(|(_, rows)| rows).sum();
    let events = manifest.rows.get("!events").copied().unwrap_or_default();
    let kind = if manifest.base.is_some() { "changes" } else { "rows" };
    let destination = destination.display();
    format!(
        "Backed up {rows} {kind} and {events} events, {} in {}, to {destination}\n\
         What changes from here on: kubeorch backup NEXT --base {destination}\n",
        Size(manifest.bytes),
        seconds(took),
    )
}
