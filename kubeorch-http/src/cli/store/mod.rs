//! The commands about the store's file, with or without a server that has it open.
//!
//! Boundary: what a backup is and what must hold is decided by `kubeorch_core::store`; here are paths, words and exit codes.
//! While a server has the file open, it does the work when it is asked over [`control`].

mod backup;
mod compact;
#[cfg(unix)]
pub(crate) mod control;
mod export;
mod import;
mod pace;
mod place;
mod restore;
mod retain;
mod sink;
mod size;
mod verify;
mod work;

pub(crate) use backup::backup;
pub(crate) use compact::compact;
pub(crate) use export::export;
pub(crate) use import::import;
pub(crate) use restore::restore;
pub(crate) use retain::retain;
pub(crate) use size::Size;
pub(crate) use verify::verify;

use std::path::{Path, PathBuf};

use super::args::DataDir;
use super::config::default_data_dir;
use super::engine::STORE;
use super::exit;
use super::failure::Failure;

/// The data directory that is meant.
pub(super) fn data_dir(args: &DataDir) -> Result<PathBuf, Failure> {
    let dir = args.data_dir.clone().or_else(default_data_dir);
    dir.ok_or_else(|| Failure::usage("no data directory is known").hint("Give --data-dir."))
}

/// The store of a data directory, which must be there: these commands make none.
pub(super) fn present(dir: &Path) -> Result<PathBuf, Failure> {
    let file = dir.join(STORE);
    if file.is_file() {
        return Ok(file);
    }
    let message = format!("there is no store in {}", dir.display());
    Err(Failure::new(exit::STORE, message).hint("Name its directory with --data-dir."))
}

/// Whether a file argument means stdin or stdout.
fn stands_for_a_stream(file: &Path) -> bool {
    file == Path::new("-")
}

/// The outcome of work on a thread that may block.
fn joined<T, E: Into<kubeorch_core::Error>>(
    done: Result<Result<T, E>, tokio::task::JoinError>,
) -> Result<T, Failure> {
    let done = done.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))?;
    Ok(done.map_err(Into::into)?)
}

/// A path as the server sees it, which runs in another directory.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
