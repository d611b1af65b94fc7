//! Making a file as small as what it holds.

use std::path::Path;

use super::Options;
use super::file::{self, Failure};
use super::medium::{self, Medium};
use crate::store::Error;

/// What [`compact`] did, in bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Gives the free pages of a store's file back to the disk. Nobody may have it open: [`Error::Locked`]. It needs room for
/// what it moves; a crash on the way loses nothing.
pub fn compact(path: &Path) -> Result<Compacted, Error> {
    let name = path.display().to_string();
    if !path.is_file() {
        return Err(Error::Unavailable(format!("there is no store at {name}")));
    }
    let size = || path.metadata().map(|file| file.len()).map_err(|error| file::storage(error.into(), &name));
    let work = || -> Result<Compacted, Failure> {
        let options = Options::default();
        medium::make(path, &options, &name)?;
        let before = size()?;
        let (mut database, _) = medium::open(&Medium::file(path), &options, &name)?;
        database.compact().map_err(|error| match error {
            ::redb::CompactionError::Storage(error) => file::storage(error, &name),
            error => Failure::Broken(error.to_string()),
        })?;
        drop(database);
        Ok(Compacted { before, after: size()? })
    };
    work().map_err(Failure::into_error)
}
