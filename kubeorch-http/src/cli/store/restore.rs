//! `restore`: a data directory's store from backups.

use std::sync::Arc;
use std::time::Instant;

use kubeorch_core::store::redb;
use kubeorch_core::time::SystemClock;

use super::place::Place;
use super::{Size, joined};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::Outcome;
use crate::cli::output::{Terminal, document, seconds};
use crate::cli::signals::Signals;

/// Restores, and puts the result in place when everything was checked.
pub(crate) async fn restore(args: &args::Restore, terminal: &mut Terminal) -> Outcome {
    let place = Place::prepare(&args.place, args.force)?;
    let began = Instant::now();
    let (backups, made) = (args.backups.clone(), place.beside("restoring"));
    terminal.note("Restoring and checking every page …");
    let manifest = tokio::task::spawn_blocking({
        let made = made.clone();
        move || redb::restore(&backups, &made, &kubeorch_core::schema(), Arc::new(SystemClock))
    });
    let manifest = Signals::listen()?.or(async { joined(manifest.await) }).await.inspect_err(|_| {
        place.forget("restoring");
    })?;
    place.put(&made, terminal)?;
    terminal.data(&document(args.output, &manifest).unwrap_or_else(|| {
        let (size, took) = (Size(manifest.bytes), seconds(began.elapsed()));
        format!("Restored {} ({size}, up to event {}) in {took}\n", place.dir.display(), manifest.head.0)
    }))?;
    Ok(exit::OK)
}
