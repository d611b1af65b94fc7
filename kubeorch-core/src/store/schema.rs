//! Which records a store holds: what tools that walk a whole store need to know of the types, without the types.
//!
//! Verifying, rewriting, exporting and importing take a [`Schema`]; [`schema`](crate::schema) is the engine's own.

use super::import::Import;
use super::key::Key;
use super::record::{Entry, Indexes, Record, decode};
use super::rewrite::Cursor;
use super::tx::{COUNTERS, GUARDS};
use super::verify::Check;
use super::{Error, Lease, Table, Tx};

/// The record types of a store.
#[derive(Clone)]
pub struct Schema {
    pub(super) types: Vec<Type>,
    pub(super) checks: Vec<Check>,
}

/// A record type without its type.
#[derive(Clone)]
pub(super) struct Type {
    pub(super) table: Table,
    pub(super) schema: u8,
    pub(super) indexes: Vec<Table>,
    pub(super) read: fn(&[u8]) -> Result<Facts, Error>,
    /// Brings the row of a key to today's schema; tells whether it was older.
    pub(super) rewrite: fn(&mut Tx<'_>, &[u8]) -> Result<bool, Error>,
}

/// What a row says.
pub(super) struct Facts {
    pub(super) key: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    /// What [`Record::check`] says.
    pub(super) legal: Result<(), String>,
}

impl Default for Schema {
    /// The typed layer's own records.
    fn default() -> Self {
        Self { types: Vec::new(), checks: Vec::new() }.with::<Lease>().with::<Cursor>().with::<Import>()
    }
}

impl Schema {
    /// With the records of a type and their indexes; a type that is there already stays once.
    #[must_use]
    pub fn with<T: Record>(mut self) -> Self {
        if self.types.iter().all(|it| it.table != T::TABLE) {
            self.types.push(Type {
                table: T::TABLE,
                schema: T::SCHEMA,
                indexes: T::INDEXES.iter().map(|index| index.table).collect(),
                read: read::<T>,
                rewrite: rewrite::<T>,
            });
        }
        self
    }

    /// With a check of what several records say of each other; the verifier runs it.
    #[must_use]
    pub fn also(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// The tables of records and indexes, and the typed layer's own, in order.
    pub fn tables(&self) -> Vec<Table> {
        let of = |it: &Type| std::iter::once(it.table).chain(it.indexes.clone()).collect::<Vec<_>>();
        let mut tables: Vec<Table> = self.types.iter().flat_map(of).chain([COUNTERS, GUARDS]).collect();
        tables.sort_unstable();
        tables
    }
}

fn read<T: Record>(bytes: &[u8]) -> Result<Facts, Error> {
    let record: T = decode(bytes)?;
    Ok(Facts { key: record.key().to_bytes(), entries: Indexes::of(&record), legal: record.check() })
}

fn rewrite<T: Record>(tx: &mut Tx<'_>, key: &[u8]) -> Result<bool, Error> {
    let Some(bytes) = tx.raw(T::TABLE, key)? else { return Ok(false) };
    if bytes.first().is_some_and(|schema| *schema == T::SCHEMA) {
        return Ok(false);
    }
    decode::<T>(&bytes)?.rewrite(tx)?;
    Ok(true)
}
