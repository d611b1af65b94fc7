//! Copying everything that a view holds into another file, in transactions of bounded size.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ::redb::{
    Database, Key, ReadOnlyTable, ReadTransaction, ReadableTable, StorageError, Table, TableDefinition,
    TableHandle, Value,
};

use super::Durability;
use super::file::{self, EVENTS, Failure, STREAMS};
use crate::store::Error;

/// Limits of one transaction of the copy. With each the disk gets its part, so that it has steady small work and no great
/// flush at the end that everybody waits for.
const ROWS: usize = 10_000;
const BYTES: usize = 1 << 20;

type Bytes<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// Told the bytes of every transaction; may take its time, and may stop the copy.
pub(super) type Pace<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// A new file, and what its transactions cost.
pub(super) struct Target<'a> {
    pub(super) new: &'a Database,
    pub(super) name: &'a str,
    pub(super) durability: Durability,
    /// What a failure of the new file means, by its name.
    pub(super) lost: fn(Failure, &str) -> Failure,
}

/// Copies all tables but the backend's own counters, and tells the rows of each.
pub(super) fn copy(
    read: &ReadTransaction,
    source: &str,
    target: &Target<'_>,
    pace: &mut Pace<'_>,
) -> Result<BTreeMap<String, u64>, Failure> {
    let name = source;
    let tables = read.list_tables().map_err(|error| file::storage(error, name))?;
    let tables: Vec<String> = tables.map(|table| table.name().to_owned()).collect();
    let mut rows = BTreeMap::new();
    for table in tables.into_iter().filter(|table| !table.starts_with('!')) {
        let definition = Bytes::new(&table);
        let from = read.open_table(definition).map_err(|error| file::table(error, name))?;
        let count = pieces(source, target, &from, definition, pace)?;
        rows.insert(table, count);
    }
    let events = read.open_table(EVENTS).map_err(|error| file::table(error, name))?;
    rows.insert("!events".to_owned(), pieces(source, target, &events, EVENTS, pace)?);
    let streams = read.open_table(STREAMS).map_err(|error| file::table(error, name))?;
    rows.insert("!streams".to_owned(), pieces(source, target, &streams, STREAMS, pace)?);
    Ok(rows)
}

fn pieces<K: Key + 'static, V: Value + 'static>(
    source: &str,
    target: &Target<'_>,
    from: &ReadOnlyTable<K, V>,
    definition: TableDefinition<'_, K, V>,
    pace: &mut Pace<'_>,
) -> Result<u64, Failure> {
    let Target { new, name, durability, lost } = *target;
    let lost = |failure| lost(failure, name);
    let mut rows = from.iter().map_err(|error| file::storage(error, source))?.peekable();
    let mut count = 0;
    while rows.peek().is_some() {
        let write = file::begin(new, name, durability).map_err(lost)?;
        let (some, bytes) = {
            let table = write.open_table(definition).map_err(|error| lost(file::table(error, name)))?;
            let full = |error| lost(file::storage(error, name));
            piece(table, &mut rows, |error| file::storage(error, source), full)?
        };
        write.commit().map_err(|error| lost(file::commit(error, name)))?;
        count += some;
        if pace(bytes).is_break() {
            return Err(Failure::Refused(Error::Unavailable("the copy was cancelled".to_owned())));
        }
    }
    Ok(count)
}

type Guards<'a, K, V> = (::redb::AccessGuard<'a, K>, ::redb::AccessGuard<'a, V>);

fn piece<'a, K: Key + 'static, V: Value + 'static>(
    mut table: Table<'_, K, V>,
    rows: &mut impl Iterator<Item = Result<Guards<'a, K, V>, StorageError>>,
    source: impl Fn(StorageError) -> Failure,
    target: impl Fn(StorageError) -> Failure,
) -> Result<(u64, u64), Failure> {
    let (mut count, mut bytes) = (0, 0);
    while count < ROWS
        && bytes < BYTES
        && let Some(row) = rows.next()
    {
        let (key, value) = row.map_err(&source)?;
        bytes += K::as_bytes(&key.value()).as_ref().len() + V::as_bytes(&value.value()).as_ref().len();
        table.insert(key.value(), value.value()).map_err(&target)?;
        count += 1;
    }
    Ok((count as u64, bytes as u64))
}
