//! Where a store that is made anew goes: beside the old one, and into its place when it is whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kubeorch_core::store::{Error, Redb, redb};
use kubeorch_core::time::SystemClock;

use super::data_dir;
use crate::cli::args::DataDir;
use crate::cli::config::KEY_FILE;
use crate::cli::engine::{STORE, private_dir};
use crate::cli::exit;
use crate::cli::failure::Failure;
use crate::cli::output::Terminal;

/// A data directory that gets a store.
pub(super) struct Place {
    pub(super) dir: PathBuf,
    file: PathBuf,
}

impl Place {
    /// Makes the directory. A store that is there must be free, and is replaced only by `force`.
    pub(super) fn prepare(args: &DataDir, force: bool) -> Result<Self, Failure> {
        let dir = data_dir(args)?;
        private_dir(&dir)?;
        let file = dir.join(STORE);
        if file.exists() {
            if !force {
                let message = format!("{} holds a store already", dir.display());
                let hint = "Name another directory with --data-dir, or replace it with --force; the old one is kept.";
                return Err(Failure::new(exit::STORE, message).hint(hint));
            }
            unused(&file)?;
        }
        Ok(Self { dir, file })
    }

    /// The file to make; what a command that was killed left there is removed.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        self.forget(ending);
        beside(&self.file, ending)
    }

    /// Removes what work that was broken off leaves at [`Self::beside`], or goes on to write until the process ends.
    pub(super) fn forget(&self, ending: &str) {
        let name = beside(&self.file, ending).file_name().unwrap_or_default().to_owned();
        for entry in std::fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(name.as_encoded_bytes()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Puts what was made in place. An old store is kept under a name with the time.
    pub(super) fn put(&self, made: &Path, terminal: &mut Terminal) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            let message = format!("the store cannot be put into {}: {error}", self.dir.display());
            Failure::new(exit::STORE, message).hint(format!("It is whole: it lies at {}.", made.display()))
        };
        if self.file.exists() {
            let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
            let kept = beside(&self.file, &format!("before-{seconds}"));
            std::fs::rename(&self.file, &kept).map_err(failed)?;
            terminal.note(&format!("The old store is kept as {}", kept.display()));
        }
        std::fs::rename(made, &self.file).map_err(failed)?;
        // The name itself must outlive a power cut as well.
        #[cfg(unix)]
        std::fs::File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
        if !self.dir.join(KEY_FILE).exists() {
            terminal.warn(&format!(
                "no encryption key is in {}: put the old server's `{KEY_FILE}` there, or give the key to `serve`; with \
                 another one the server refuses to start",
                self.dir.display()
            ));
        }
        Ok(())
    }
}

/// Nobody may use the store that is replaced.
fn unused(file: &Path) -> Result<(), Failure> {
    match Redb::open(file, redb::Options::default(), Arc::new(SystemClock)) {
        Err(error @ Error::Locked(_)) => {
            let failure = Failure::from(kubeorch_core::Error::from(error));
            Err(failure.hint("Stop the server first."))
        }
        // A damaged one is what people replace.
        _ => Ok(()),
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}
