//! Copying everything that a view holds into another file, in transactions of bounded size.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ::redb::{
    Database, Key, ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, TableHandle, Value,
    WriteTransaction,
};

use super::Durability;
use super::file::{self, EVENTS, Failure, STREAMS};
use crate::store::Error;

/// Limits of one transaction of the copy. Each is flushed, so that the disk has steady small work and no great flush at
/// the end that everybody waits for.
const ROWS: usize = 10_000;
const BYTES: usize = 1 << 20;

type Bytes<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// Told the bytes of every transaction; may take its time, and may stop the copy.
pub(super) type Pace<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// Copies all tables but the backend's own counters, and tells the rows of each.
pub(super) fn copy(
    read: &ReadTransaction,
    new: &Database,
    name: &str,
    pace: &mut Pace<'_>,
) -> Result<BTreeMap<String, u64>, Failure> {
    let tables = read.list_tables().map_err(|error| file::storage(error, name))?;
    let tables: Vec<String> = tables.map(|table| table.name().to_owned()).collect();
    let mut rows = BTreeMap::new();
    for table in tables.into_iter().filter(|table| !table.starts_with('!')) {
        let definition = Bytes::new(&table);
        let from = read.open_table(definition).map_err(|error| file::table(error, name))?;
        let count = pieces(new, name, &from, definition, pace)?;
        rows.insert(table, count);
    }
    let events = read.open_table(EVENTS).map_err(|error| file::table(error, name))?;
    rows.insert("!events".to_owned(), pieces(new, name, &events, EVENTS, pace)?);
    let streams = read.open_table(STREAMS).map_err(|error| file::table(error, name))?;
    rows.insert("!streams".to_owned(), pieces(new, name, &streams, STREAMS, pace)?);
    Ok(rows)
}

fn pieces<K: Key + 'static, V: Value + 'static>(
    new: &Database,
    name: &str,
    from: &ReadOnlyTable<K, V>,
    definition: TableDefinition<'_, K, V>,
    pace: &mut Pace<'_>,
) -> Result<u64, Failure> {
    let mut rows = from.iter().map_err(|error| file::storage(error, name))?.peekable();
    let mut count = 0;
    while rows.peek().is_some() {
        let write = file::begin(new, name, Durability::Safe)?;
        let (some, bytes) = piece(&write, name, &mut rows, definition)?;
        write.commit().map_err(|error| file::commit(error, name))?;
        count += some;
        if pace(bytes).is_break() {
            return Err(Failure::Refused(Error::Unavailable("the copy was cancelled".to_owned())));
        }
    }
    Ok(count)
}

type Guards<'a, K, V> = (::redb::AccessGuard<'a, K>, ::redb::AccessGuard<'a, V>);

fn piece<'a, K: Key + 'static, V: Value + 'static>(
    write: &WriteTransaction,
    name: &str,
    rows: &mut impl Iterator<Item = Result<Guards<'a, K, V>, ::redb::StorageError>>,
    definition: TableDefinition<'_, K, V>,
) -> Result<(u64, u64), Failure> {
    let mut table = write.open_table(definition).map_err(|error| file::table(error, name))?;
    let (mut count, mut bytes) = (0, 0);
    while count < ROWS
        && bytes < BYTES
        && let Some(row) = rows.next()
    {
        let (key, value) = row.map_err(|error| file::storage(error, name))?;
        bytes += K::as_bytes(&key.value()).as_ref().len() + V::as_bytes(&value.value()).as_ref().len();
        table.insert(key.value(), value.value()).map_err(|error| file::storage(error, name))?;
        count += 1;
    }
    Ok((count as u64, bytes as u64))
}
