//! How a domain's value becomes a row: its key, its index entries, its bytes.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::key::Key;
use super::{Error, Table, Tx};

/// A value with a table of its own. It is stored as one byte of schema version and JSON.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// Where it lives.
    const TABLE: Table;
    /// The version of its JSON, from 1. Raise it when older JSON no longer reads, and teach [`Record::upcast`].
    const SCHEMA: u8 = 1;
    /// Every index that [`Record::indexes`] may fill. A new one needs a higher [`Record::SCHEMA`]: rows from before are in
    /// it once they are rewritten.
    const INDEXES: &'static [Index<Self>] = &[];
    /// What finds it.
    type Key: Key;

    /// Its key; never changes during its life.
    fn key(&self) -> Self::Key;

    /// Its index entries. The one place that knows: writes diff it, the verifier recomputes it.
    fn indexes(&self, out: &mut Indexes<Self>) {
        let _ = out;
    }

    /// What is wrong with it on its own, however it came to be there: a state that no operation leaves behind. Only the
    /// verifier asks.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Turns JSON of schema `from` into that of `from + 1`; called once per step.
    fn upcast(from: u8, value: Value) -> Result<Value, String> {
        let _ = from;
        Ok(value)
    }

    /// Writes a record that was read from an older schema; [`Db::rewrite`](super::Db::rewrite) calls it once for each.
    /// Override it when one old row becomes several. What it leaves under the old key must be of today's schema.
    fn rewrite(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.put(&self)
    }
}

/// An ordered way to records of one type.
pub struct Index<T> {
    pub(super) table: Table,
    pub(super) unique: bool,
    owner: PhantomData<fn() -> T>,
}

impl<T> Index<T> {
    /// An index in which records may share a key. Names are part of the file format; use `<table>.by_<field>`.
    pub const fn new(name: &'static str) -> Self {
        Self { table: Table(name), unique: false, owner: PhantomData }
    }

    /// An index in which a key belongs to one record at most.
    pub const fn unique(name: &'static str) -> Self {
        Self { table: Table(name), unique: true, owner: PhantomData }
    }

    /// Its name, as [`Error::Taken`] tells it.
    pub const fn name(&self) -> &'static str {
        self.table.0
    }
}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Index<T> {}

/// Takes a record's index entries.
pub struct Indexes<T> {
    pub(super) entries: Vec<Entry>,
    owner: PhantomData<fn() -> T>,
}

/// A row of an index: its value is the record's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) table: Table,
    pub(super) unique: bool,
    pub(super) key: Vec<u8>,
}

impl<T: Record> Indexes<T> {
    /// Adds an entry. Leave it out and the record is not in that index.
    pub fn add(&mut self, index: Index<T>, key: &impl Key) {
        debug_assert!(
            T::INDEXES.iter().any(|it| it.table == index.table),
            "{} is not declared",
            index.name()
        );
        self.entries.push(Entry { table: index.table, unique: index.unique, key: key.to_bytes() });
    }

    /// All entries of a record. Entries of shared indexes end with the record's key, which makes them distinct.
    pub(super) fn of(record: &T) -> Vec<Entry> {
        let mut out = Self { entries: Vec::new(), owner: PhantomData };
        record.indexes(&mut out);
        let key = record.key().to_bytes();
        for entry in out.entries.iter_mut().filter(|entry| !entry.unique) {
            entry.key.extend_from_slice(&key);
        }
        out.entries
    }
}

pub(super) fn encode<T: Record>(record: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![T::SCHEMA];
    serde_json::to_writer(&mut bytes, record).map_err(|error| damaged::<T>(&error))?;
    Ok(bytes)
}

pub(super) fn decode<T: Record>(bytes: &[u8]) -> Result<T, Error> {
    let (&version, json) = bytes.split_first().ok_or_else(|| damaged::<T>(&"it is empty"))?;
    if version > T::SCHEMA {
        return Err(Error::Newer(format!("a record of {}", T::TABLE.0)));
    }
    if version == T::SCHEMA {
        return serde_json::from_slice(json).map_err(|error| damaged::<T>(&error));
    }
    let mut value: Value = serde_json::from_slice(json).map_err(|error| damaged::<T>(&error))?;
    for from in version..T::SCHEMA {
        value = T::upcast(from, value).map_err(|reason| damaged::<T>(&reason))?;
    }
    serde_json::from_value(value).map_err(|error| damaged::<T>(&error))
}

/// For [`Record::check`]: a rule that must hold, by its words.
pub fn rule(holds: bool, words: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(words.to_owned()) }
}

fn damaged<T: Record>(reason: &impl ToString) -> Error {
    Error::Damaged { what: format!("a record of {}", T::TABLE.0), reason: reason.to_string() }
}
