//! Where the bytes of a store lie: a file, or what a test puts in its place.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use ::redb::backends::FileBackend;
use ::redb::{Builder, Database, DatabaseError, StorageBackend};

use super::file::{self, Facts, Failure, damaged};
use super::overlay::Overlay;
use super::pages::{Kind, Pages, SIZE, kind};
use super::{Options, convert};
use crate::store::Error;

/// redb's own file format, of its releases 3 and 4.
const REDB_FORMAT: u8 = 3;

/// The bytes of a store and the room that is left for them.
#[cfg_attr(
    not(feature = "test-util"),
    allow(unreachable_pub, reason = "public with the feature `test-util` alone")
)]
pub struct Medium {
    /// Opens the bytes; called again after the disk failed. What a failed flush left in memory must not be
    /// shown again.
    pub open: Box<dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync>,
    /// Free bytes.
    pub free: Box<dyn Fn() -> io::Result<u64> + Send + Sync>,
}

impl Medium {
    /// A file, made if it is not there; its folder must be.
    pub(super) fn file(path: &Path) -> Self {
        let (path, folder) = (path.to_owned(), folder(path).to_owned());
        Self { open: Box::new(move || open_file(&path)), free: Box::new(move || free(&folder)) }
    }
}

/// A file gets its name when it is complete: a crash while it is made leaves no half store behind.
pub(super) fn make(path: &Path, options: &Options, name: &str) -> Result<(), Failure> {
    let broken = |error: io::Error| file::storage(error.into(), name);
    if path.exists() {
        return convert::convert(path, options, name);
    }
    let draft = beside(path, "new");
    let medium = Medium::file(&draft);
    let made = match open(&medium, options, name) {
        Err(Failure::Refused(Error::Damaged { .. })) => {
            empty(&draft, name)?;
            open(&medium, options, name)
        }
        made => made,
    };
    drop((made?, medium));
    std::fs::rename(&draft, path).map_err(broken)?;
    sync_folder(path).map_err(broken)
}

/// Empties a draft that a crash left in a state that does not open; nobody was told of what is in it. One that another
/// process is making right now is locked, and stays.
fn empty(draft: &Path, name: &str) -> Result<(), Failure> {
    let broken = |error: io::Error| file::storage(error.into(), name);
    let file = private(draft).map_err(broken)?;
    match file.try_lock() {
        Ok(()) => file.set_len(0).map_err(broken),
        Err(TryLockError::WouldBlock) => Err(Failure::Refused(Error::Locked(name.to_owned()))),
        Err(TryLockError::Error(error)) => Err(broken(error)),
    }
}

/// A sibling of the file, with another ending after its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

/// Names survive a crash as well as contents.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Readable by its owner alone: addresses and password hashes will be in it.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn open_file(path: &Path) -> io::Result<Box<dyn StorageBackend>> {
    let file = match private(path) {
        // The file system was mounted read-only because its disk failed.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => File::open(path)?,
        file => file?,
    };
    // After a failed flush the kernel may show pages that are not on the disk and call them clean.
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
}

#[cfg(unix)]
fn free(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What is free where a file is.
pub(super) fn free_beside(path: &Path) -> io::Result<u64> {
    free(folder(path))
}

/// The size of the disk under a file; `None` where it cannot be told.
#[cfg(unix)]
pub(super) fn disk(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder(path)).ok()?;
    Some(disk.f_blocks.saturating_mul(disk.f_frsize)).filter(|bytes| *bytes > 0)
}

#[cfg(not(unix))]
pub(super) fn disk(_: &Path) -> Option<u64> {
    None
}

/// Elsewhere the disk itself says when it is full.
#[cfg(not(unix))]
fn free(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

/// Opens what the medium holds, or starts a new store in it.
pub(super) fn open(medium: &Medium, options: &Options, name: &str) -> Result<(Database, Facts), Failure> {
    let below = (medium.open)().map_err(|error| file::storage(error.into(), name))?;
    let database = pages(below, options, name)?;
    let facts = file::prepare(&database, name)?;
    Ok((database, facts))
}

/// Opens what the medium holds without writing to it. What is committed all the same is gone when it is closed.
pub(super) fn open_to_read(
    medium: &Medium,
    options: &Options,
    name: &str,
) -> Result<(Database, Facts), Failure> {
    let over = |error: io::Error| file::storage(error.into(), name);
    let below = Overlay::new((medium.open)().map_err(over)?).map_err(over)?;
    let database = pages(Box::new(below), options, name)?;
    let facts = file::facts(&database, name)?;
    Ok((database, facts))
}

/// Whether the medium takes writes: its first block, as it is, and a flush. Whoever reads meanwhile notices nothing.
pub(super) fn probe(medium: &Medium) -> io::Result<()> {
    let below = (medium.open)()?;
    let mut first = vec![0; SIZE];
    below.read(0, &mut first)?;
    below.write(0, &first)?;
    below.sync_data()?;
    below.close()
}

fn pages(below: Box<dyn StorageBackend>, options: &Options, name: &str) -> Result<Database, Failure> {
    let broken = |error: io::Error| file::storage(error.into(), name);
    match kind(&*below).map_err(broken)? {
        Kind::Empty | Kind::Pages => {}
        Kind::Plain => return Err(Failure::Refused(damaged(name, &"it must be converted first"))),
        Kind::Newer => return Err(Failure::Refused(Error::Newer(name.to_owned()))),
        Kind::Foreign => return Err(Failure::Refused(damaged(name, &"it is no store"))),
    }
    let pages = Pages::new(below).map_err(broken)?;
    let strict = pages.strict();
    let database = Builder::new().set_cache_size(options.cache_bytes).create_with_backend(pages);
    strict.store(true, Relaxed);
    database.map_err(|error| opening(error, name))
}

/// Why redb does not open a file.
pub(super) fn opening(error: DatabaseError, name: &str) -> Failure {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Failure::Refused(Error::Locked(name.to_owned()))
        }
        DatabaseError::UpgradeRequired(format) if format > REDB_FORMAT => {
            Failure::Refused(Error::Newer(name.to_owned()))
        }
        DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => {
            Failure::Refused(damaged(name, &error))
        }
        DatabaseError::Storage(error) => file::storage(error, name),
        error => Failure::Broken(error.to_string()),
    }
}
