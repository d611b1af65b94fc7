//! Files of format 1, which had no checksums: copied once into today's form when they are opened.

use std::fs;
use std::path::Path;

use ::redb::{
    Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition, TableHandle,
    WriteTransaction,
};

use super::file::{self, EVENTS, FORMAT_KEY, Failure, META, STREAMS, damaged};
use super::medium::{self, Medium, beside, opening, sync_folder};
use super::pages::{Kind, kind};
use super::{Durability, Options};
use crate::store::Error;

const FORMAT_1: u64 = 1;
/// Rows of one transaction of the copy.
const CHUNK: usize = 10_000;

type Bytes<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// Leaves a file of today alone. An older one is copied beside itself; the copy takes its name when it is complete, and
/// the old one stays as `<name>.format-1`, so that a crash or a full disk on the way loses nothing.
pub(super) fn convert(path: &Path, options: &Options, name: &str) -> Result<(), Failure> {
    let broken = |error: std::io::Error| file::storage(error.into(), name);
    let below = (Medium::file(path).open)().map_err(broken)?;
    let what = kind(&*below).map_err(broken)?;
    below.close().map_err(broken)?;
    if what != Kind::Plain {
        return Ok(());
    }
    let old = Builder::new()
        .set_cache_size(options.cache_bytes)
        .open(path)
        .map_err(|error| opening(error, name))?;
    check(&old, name)?;
    tracing::info!(store = name, "copying the store into the format of this release");
    let draft = beside(path, "new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(broken(error)),
        _ => {}
    }
    let (new, _) = medium::open(&Medium::file(&draft), options, name)?;
    copy(&old, &new, name)?;
    drop((old, new));
    // A hard link keeps the old file under both names until the new one has taken its place.
    let kept = beside(path, "format-1");
    if !kept.exists() {
        fs::hard_link(path, &kept).map_err(broken)?;
    }
    fs::rename(&draft, path).map_err(broken)?;
    sync_folder(path).map_err(broken)
}

fn check(old: &Database, name: &str) -> Result<(), Failure> {
    let read = old.begin_read().map_err(|error| file::transaction(error, name))?;
    let foreign = || Failure::Refused(damaged(name, &"it belongs to another program"));
    let meta = read.open_table(META).map_err(|_| foreign())?;
    let format = meta.get(FORMAT_KEY).map_err(|error| file::storage(error, name))?;
    match format.map(|format| format.value()) {
        Some(FORMAT_1) => Ok(()),
        Some(newer) if newer > FORMAT_1 => Err(Failure::Refused(Error::Newer(name.to_owned()))),
        _ => Err(Failure::Refused(damaged(name, &"its format is not known"))),
    }
}

fn copy(old: &Database, new: &Database, name: &str) -> Result<(), Failure> {
    let read = old.begin_read().map_err(|error| file::transaction(error, name))?;
    let in_file = |error| file::storage(error, name);
    let tables: Vec<String> =
        read.list_tables().map_err(in_file)?.map(|table| table.name().to_owned()).collect();
    for table in tables.iter().filter(|table| !table.starts_with('!')) {
        let definition = Bytes::new(table);
        let from = read.open_table(definition).map_err(|error| file::table(error, name))?;
        chunks(new, name, &from, definition)?;
    }
    let events = read.open_table(EVENTS).map_err(|error| file::table(error, name))?;
    chunks(new, name, &events, EVENTS)?;
    let streams = read.open_table(STREAMS).map_err(|error| file::table(error, name))?;
    chunks(new, name, &streams, STREAMS)
}

/// Copies a table in transactions of bounded size; the draft counts for nothing before it is complete.
fn chunks<K: ::redb::Key + 'static, V: ::redb::Value + 'static>(
    new: &Database,
    name: &str,
    from: &ReadOnlyTable<K, V>,
    definition: TableDefinition<'_, K, V>,
) -> Result<(), Failure> {
    let mut rows = from.iter().map_err(|error| file::storage(error, name))?.peekable();
    while rows.peek().is_some() {
        let write = file::begin(new, name, Durability::Safe)?;
        fill(&write, name, rows.by_ref().take(CHUNK), definition)?;
        write.commit().map_err(|error| file::commit(error, name))?;
    }
    Ok(())
}

type Guarded<'a, K, V> = (::redb::AccessGuard<'a, K>, ::redb::AccessGuard<'a, V>);

fn fill<'a, K: ::redb::Key + 'static, V: ::redb::Value + 'static>(
    write: &WriteTransaction,
    name: &str,
    rows: impl Iterator<Item = Result<Guarded<'a, K, V>, ::redb::StorageError>>,
    definition: TableDefinition<'_, K, V>,
) -> Result<(), Failure> {
    let mut table = write.open_table(definition).map_err(|error| file::table(error, name))?;
    for row in rows {
        let (key, value) = row.map_err(|error| file::storage(error, name))?;
        table.insert(key.value(), value.value()).map_err(|error| file::storage(error, name))?;
    }
    Ok(())
}
