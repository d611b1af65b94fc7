//! `restore`: a data directory's store from backups.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kubeorch_core::store::{Error, Redb, redb};
use kubeorch_core::time::SystemClock;

use super::{Size, data_dir};
use crate::cli::args;
use crate::cli::config::KEY_FILE;
use crate::cli::engine::{STORE, private_dir};
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document, seconds};

/// Restores, and puts the result in place when everything was checked.
pub(crate) async fn restore(args: &args::Restore, terminal: &mut Terminal) -> Outcome {
    let dir = data_dir(&args.place)?;
    private_dir(&dir)?;
    let file = dir.join(STORE);
    let old = file.exists();
    if old {
        if !args.force {
            let message = format!("{} holds a store already", dir.display());
            let hint =
                "Name another directory with --data-dir, or replace it with --force; the old one is kept.";
            return Err(Failure::new(exit::STORE, message).hint(hint));
        }
        unused(&file)?;
    }
    let began = Instant::now();
    let (backups, place) = (args.backups.clone(), beside(&file, "restoring"));
    // What a restore that was stopped left.
    let _ = std::fs::remove_file(&place);
    terminal.note("Restoring and checking every page …");
    let manifest = tokio::task::spawn_blocking({
        let place = place.clone();
        move || redb::restore(&backups, &place, &kubeorch_core::schema(), Arc::new(SystemClock))
    });
    let manifest = manifest.await.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))?;
    let manifest = manifest.map_err(kubeorch_core::Error::from)?;
    let failed = |error: std::io::Error| {
        Failure::new(exit::STORE, format!("the store cannot be put into {}: {error}", dir.display()))
    };
    if old {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let kept = beside(&file, &format!("before-{seconds}"));
        std::fs::rename(&file, &kept).map_err(failed)?;
        terminal.note(&format!("The old store is kept as {}", kept.display()));
    }
    std::fs::rename(&place, &file).map_err(failed)?;
    if !dir.join(KEY_FILE).exists() {
        terminal.warn(&format!(
            "no encryption key is in {}: put the old server's `{KEY_FILE}` there, or give the key to `serve`; with another \
             one the server refuses to start",
            dir.display()
        ));
    }
    terminal.data(&document(args.output, &manifest).unwrap_or_else(|| {
        let (size, took) = (Size(manifest.bytes), seconds(began.elapsed()));
        format!("Restored {} ({size}, up to event {}) in {took}\n", dir.display(), manifest.head.0)
    }))?;
    Ok(exit::OK)
}

/// Nobody may use the store that is replaced.
fn unused(file: &Path) -> Result<(), Failure> {
    match Redb::open(file, redb::Options::default(), Arc::new(SystemClock)) {
        Err(error @ Error::Locked(_)) => {
            let failure = Failure::from(kubeorch_core::Error::from(error));
            Err(failure.hint("Stop the server, then restore."))
        }
        // A damaged one is what people restore for.
        _ => Ok(()),
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}
