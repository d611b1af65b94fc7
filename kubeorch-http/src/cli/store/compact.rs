//! `compact`: a file as small as what it holds.

use kubeorch_core::store::{Error, redb};

use super::{Size, data_dir, present};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Terminal;

/// Compacts the store of a data directory; no server may have it open.
pub(crate) async fn compact(args: &args::Compact, terminal: &mut Terminal) -> Outcome {
    let file = present(&data_dir(&args.place)?)?;
    let done = tokio::task::spawn_blocking(move || redb::compact(&file));
    let done = done.await.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))?;
    let done = done.map_err(|error| {
        let locked = matches!(error, Error::Locked(_));
        let failure = Failure::from(kubeorch_core::Error::from(error));
        if locked { failure.hint("Stop the server first; compacting moves what it reads.") } else { failure }
    })?;
    let (before, after) = (Size(done.before), Size(done.after));
    terminal.data(&format!("Compacted from {before} to {after}\n"))?;
    Ok(exit::OK)
}
