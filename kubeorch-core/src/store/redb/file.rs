//! Opening the file, its own tables, and what redb's errors mean.

use std::path::Path;

use ::redb::{
    Builder, CommitError, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError,
    TableDefinition, TableError, TableHandle, TransactionError, WriteTransaction,
};

use crate::store::{Error, Seq, Table};

/// What this release reads and writes. A higher number in the file stops it.
const FORMAT: u64 = 1;
/// redb's own file format, of its releases 3 and 4.
const REDB_FORMAT: u8 = 3;

const META: TableDefinition<'static, &str, u64> = TableDefinition::new("!meta");
pub(super) const EVENTS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("!events");
pub(super) const STREAMS: TableDefinition<'static, &[u8], u64> = TableDefinition::new("!streams");

pub(super) fn rows(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.0)
}

/// Makes the [`Database`]; tests put a failing disk here.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

pub(super) fn opener(path: &Path, cache_bytes: usize) -> Opener {
    let path = path.to_owned();
    Box::new(move || {
        let fresh = !path.exists();
        make_private(&path)?;
        let database = Builder::new().set_cache_size(cache_bytes).create(&path)?;
        if fresh {
            // The file's name must survive a crash as well as its content.
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(database)
    })
}

/// Makes an absent file, readable by its owner alone: addresses and password hashes will be in it.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Opens the file, or starts a new one, and tells the number of its newest event.
pub(super) fn open(opener: &Opener, name: &str) -> Result<(Database, Seq), Failure> {
    let database = opener().map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Failure::Refused(Error::Locked(name.to_owned()))
        }
        DatabaseError::UpgradeRequired(format) if format > REDB_FORMAT => {
            Failure::Refused(Error::Newer(name.to_owned()))
        }
        DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => {
            Failure::Refused(damaged(name, &error))
        }
        DatabaseError::Storage(error) => storage(error, name),
        error => Failure::Broken(error.to_string()),
    })?;
    let seq = prepare(&database, name)?;
    Ok((database, seq))
}

fn prepare(database: &Database, name: &str) -> Result<Seq, Failure> {
    let in_file = |error| storage(error, name);
    let read = database.begin_read().map_err(|error| transaction(error, name))?;
    match read.open_table(META) {
        Ok(meta) => match meta.get("format").map_err(in_file)?.map(|format| format.value()) {
            Some(FORMAT) => {}
            Some(newer) if newer > FORMAT => return Err(Failure::Refused(Error::Newer(name.to_owned()))),
            _ => return Err(Failure::Refused(damaged(name, &"its format is not known"))),
        },
        Err(TableError::TableDoesNotExist(_)) => {
            if let Some(table) = read.list_tables().map_err(in_file)?.next() {
                let reason = format!("it belongs to another program: it has a table {:?}", table.name());
                return Err(Failure::Refused(damaged(name, &reason)));
            }
            create(database, name)?;
        }
        Err(error) => return Err(table(error, name)),
    }
    let read = database.begin_read().map_err(|error| transaction(error, name))?;
    let events = read.open_table(EVENTS).map_err(|error| table(error, name))?;
    Ok(Seq(events.last().map_err(in_file)?.map_or(0, |(seq, _)| seq.value())))
}

fn create(database: &Database, name: &str) -> Result<(), Failure> {
    let write = begin(database, name)?;
    let fill = || -> Result<(), TableError> {
        write.open_table(META)?.insert("format", FORMAT)?;
        write.open_table(EVENTS)?;
        write.open_table(STREAMS)?;
        Ok(())
    };
    fill().map_err(|error| table(error, name))?;
    write.commit().map_err(|error| commit(error, name))
}

/// A transaction whose commit survives a crash and whose file opens without a full repair.
pub(super) fn begin(database: &Database, name: &str) -> Result<WriteTransaction, Failure> {
    let mut write = database.begin_write().map_err(|error| transaction(error, name))?;
    write.set_two_phase_commit(true);
    write.set_quick_repair(true);
    Ok(write)
}

/// Why the file did not do it; tells a full disk, which passes, from a broken one, which does not.
#[derive(Debug)]
pub(super) enum Failure {
    Full,
    Broken(String),
    Refused(Error),
}

impl Failure {
    /// For one caller. (No `From`: it would make `?` ambiguous wherever a store error is inferred.)
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Full => Error::Full,
            Self::Broken(reason) => Error::Unavailable(reason),
            Self::Refused(error) => error,
        }
    }
}

pub(super) fn storage(error: StorageError, name: &str) -> Failure {
    use std::io::ErrorKind;
    match error {
        StorageError::Io(error) => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::Full,
            // What redb says of a file that is no database, or is cut short.
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Failure::Refused(damaged(name, &error)),
            _ => Failure::Broken(error.to_string()),
        },
        StorageError::Corrupted(reason) => Failure::Refused(damaged(name, &reason)),
        error => Failure::Broken(error.to_string()),
    }
}

pub(super) fn table(error: TableError, name: &str) -> Failure {
    match error {
        TableError::Storage(error) => storage(error, name),
        error => Failure::Refused(damaged(name, &error)),
    }
}

pub(super) fn transaction(error: TransactionError, name: &str) -> Failure {
    match error {
        TransactionError::Storage(error) => storage(error, name),
        error => Failure::Broken(error.to_string()),
    }
}

pub(super) fn commit(error: CommitError, name: &str) -> Failure {
    match error {
        CommitError::Storage(error) => storage(error, name),
        error => Failure::Broken(error.to_string()),
    }
}

fn damaged(name: &str, reason: &impl ToString) -> Error {
    Error::Damaged { what: format!("the store {name}"), reason: reason.to_string() }
}
