//! Backups of an open store, and stores from backups.
//!
//! A *full* backup is a store file copied from one view, an *incremental* one the rows and events that changed since
//! another backup of the same store. Each is a folder with one file and a manifest that says what it is and what its bytes
//! hash to; the folder gets its name when it is complete. Restoring copies the full one beside the destination, applies
//! the increments in order, checks everything, and only then gives the result its name.
//!
//! The encryption key of a server is not in its store, so it is in no backup either.

mod full;
mod increment;
mod manifest;
mod restore;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::Path;

pub use manifest::{Base, Manifest};
pub use restore::restore;

use super::Redb;
use crate::store::Error;

/// The store in a full backup.
const STORE: &str = "store";
/// The rows and events of an incremental one.
const CHANGES: &str = "changes";

impl Redb {
    /// Copies the store as of now into the folder `destination`, which must not exist, while others read and write. Blocks
    /// the thread: call it from one that may.
    ///
    /// `watch` is told the bytes of each piece after they are written: it may wait, which makes the copy slower and the
    /// store's own writes quicker, and may stop it. The view of the copy keeps old pages of the file for as long as it
    /// takes.
    ///
    /// [`Error::Destination`] when the folder cannot be written.
    pub fn backup(
        &self,
        destination: &Path,
        mut watch: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Manifest, Error> {
        full::backup(self, destination, &mut watch)
    }

    /// As [`Self::backup`], but only what changed since the backup in the folder `base`, full or incremental.
    ///
    /// [`Error::Unrelated`] when `base` is a backup of another store, [`Error::Damaged`] when it is none, [`Error::Trimmed`] when the store no longer knows
    /// everything that changed since: then a full backup is needed.
    pub fn backup_since(
        &self,
        base: &Path,
        destination: &Path,
        mut watch: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Manifest, Error> {
        increment::backup(self, base, destination, &mut watch)
    }
}
