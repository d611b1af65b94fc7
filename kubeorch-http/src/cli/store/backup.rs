//! `backup`: a copy of the store, made while it is used.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_core::store::{Error, Redb, redb};
use kubeorch_core::time::SystemClock;

use super::pace::Pace;
use super::work::{Tell, work};
use super::{Size, absolute, data_dir, present};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document, seconds};

/// The longest sleep of a backup that is ahead of its rate.
const NAP: Duration = Duration::from_millis(100);

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
    let rate = args.rate;
    let opened = tokio::task::spawn_blocking(move || {
        Redb::open(&file, redb::Options::default(), Arc::new(SystemClock))
    });
    let manifest = match opened.await.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))? {
        Ok(store) => {
            work(terminal, "copied", move |tell| {
                Ok(make(&store, base.as_deref(), &destination, rate, tell)
                    .map_err(kubeorch_core::Error::from)?)
            })
            .await?
        }
        #[cfg(unix)]
        Err(Error::Locked(_)) => {
            terminal.note("A server has the store open and makes the backup itself.");
            let request = super::control::Request::Backup { destination, base, rate: rate.0 };
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

/// Makes a backup of an open store at a rate. `tell` gets the bytes so far after each piece.
pub(super) fn make(
    store: &Redb,
    base: Option<&Path>,
    destination: &Path,
    rate: Size,
    mut tell: Tell,
) -> Result<redb::Manifest, Error> {
    let mut pace = Pace::new(rate);
    let watch = |bytes| {
        pace.done(bytes);
        // In short naps, so that a slow rate does not keep anybody who cancels.
        loop {
            let said = tell(pace.bytes);
            let due = pace.due().min(NAP);
            if said.is_break() || due.is_zero() {
                return said;
            }
            std::thread::sleep(due);
        }
    };
    match base {
        None => store.backup(destination, watch),
        Some(base) => store.backup_since(base, destination, watch),
    }
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
