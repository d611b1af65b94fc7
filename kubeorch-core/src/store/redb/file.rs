//! The backend's own tables, and what redb's errors mean.

use ::redb::{
    CommitError, Database, ReadTransaction, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
    TableError, TableHandle, TransactionError, WriteTransaction,
};

use super::Durability;
use crate::store::{Error, Seq, Table};

/// What this release reads and writes: 1 had neither checksums nor [`CHANGES`]. A higher number in the file stops it.
pub(super) const FORMAT: u64 = 2;

pub(super) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("!meta");
pub(super) const FORMAT_KEY: &str = "format";
/// Random, made with the file.
pub(super) const ID_KEY: &str = "id";
/// The newest event that was removed.
pub(super) const TRIMMED_KEY: &str = "trimmed";
/// Bytes in [`CHANGES`].
pub(super) const CHANGES_BYTES_KEY: &str = "changes.bytes";
/// How often the disk had to prove itself after a failure.
pub(super) const PROVED_KEY: &str = "proved";

pub(super) const EVENTS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("!events");
pub(super) const STREAMS: TableDefinition<'static, &[u8], u64> = TableDefinition::new("!streams");

/// By number of the commit: which keys it changed ([`super::changes`]). What an incremental backup copies.
pub(super) const CHANGES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("!changes");

pub(super) fn rows(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.0)
}

/// What the file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// The newest event.
    pub(super) head: Seq,
    /// The newest commit.
    pub(super) commit: u64,
}

/// Checks that this release can read the file, and fills one that is new.
pub(super) fn prepare(database: &Database, name: &str) -> Result<Facts, Failure> {
    let in_file = |error| storage(error, name);
    let read = database.begin_read().map_err(|error| transaction(error, name))?;
    match read.open_table(META) {
        Ok(meta) => match meta.get(FORMAT_KEY).map_err(in_file)?.map(|format| format.value()) {
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
    drop(read);
    facts(database, name)
}

/// Reads the facts of a file that [`prepare`] has seen.
pub(super) fn facts(database: &Database, name: &str) -> Result<Facts, Failure> {
    facts_of(&database.begin_read().map_err(|error| transaction(error, name))?, name)
}

/// The same of one view.
pub(super) fn facts_of(read: &ReadTransaction, name: &str) -> Result<Facts, Failure> {
    let in_file = |error| storage(error, name);
    let events = read.open_table(EVENTS).map_err(|error| table(error, name))?;
    let changes = read.open_table(CHANGES).map_err(|error| table(error, name))?;
    let meta = read.open_table(META).map_err(|error| table(error, name))?;
    let trimmed = meta.get(TRIMMED_KEY).map_err(in_file)?.map_or(0, |seq| seq.value());
    let newest = events.last().map_err(in_file)?.map_or(0, |(seq, _)| seq.value());
    let commit = changes.last().map_err(in_file)?.map_or(0, |(commit, _)| commit.value());
    Ok(Facts { head: Seq(newest.max(trimmed)), commit })
}

/// Gives an empty file its tables. The id tells backups of one store from those of another.
fn create(database: &Database, name: &str) -> Result<(), Failure> {
    let id = getrandom::u64().map_err(|error| Failure::Broken(error.to_string()))?;
    let write = begin(database, name, Durability::Safe)?;
    let fill = || -> Result<(), TableError> {
        let mut meta = write.open_table(META)?;
        meta.insert(FORMAT_KEY, FORMAT)?;
        meta.insert(ID_KEY, id)?;
        write.open_table(EVENTS)?;
        write.open_table(STREAMS)?;
        write.open_table(CHANGES)?.insert(0, [].as_slice())?;
        Ok(())
    };
    fill().map_err(|error| table(error, name))?;
    write.commit().map_err(|error| commit(error, name))
}

/// A transaction; `Safe` survives a crash between its two flushes and opens without a repair.
pub(super) fn begin(
    database: &Database,
    name: &str,
    durability: Durability,
) -> Result<WriteTransaction, Failure> {
    let mut write = database.begin_write().map_err(|error| transaction(error, name))?;
    write.set_two_phase_commit(durability == Durability::Safe);
    write.set_quick_repair(durability == Durability::Safe);
    Ok(write)
}

/// Why the file did not do it; tells a full disk, which passes, from a broken one, which does not.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Failure {
    #[error("its disk is full")]
    Full,
    #[error("{0}")]
    Broken(String),
    #[error("{0}")]
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

pub(super) fn damaged(name: &str, reason: &impl ToString) -> Error {
    Error::Damaged { what: format!("the store {name}"), reason: reason.to_string() }
}

pub(super) fn cut(name: &str, what: &str) -> Error {
    Error::Damaged { what: format!("{what} of the store {name}"), reason: "it is cut short".to_owned() }
}
