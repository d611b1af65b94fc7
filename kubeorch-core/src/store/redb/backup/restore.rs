//! A store from a full backup and the increments after it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::redb::{Database, TableDefinition};

use super::super::file::{self, EVENTS, Failure, STREAMS};
use super::super::medium::{self, Medium, beside, private, sync_folder};
use super::super::{Durability, Options, Redb, group};
use super::full::{finish, whole};
use super::increment::{ByTable, Frame, frames};
use super::manifest::{Manifest, failed, no_backup, unrelated};
use crate::store::verify::Fault;
use crate::store::{Db, Error, Schema};
use crate::time::Clock;

/// Bytes of one transaction while increments are applied.
const BYTES: usize = 4 << 20;

/// Makes the store `destination` from the backups in these folders, a full one and its increments in order, and tells what is
/// in it. Everything is checked before the store gets its name; then it is another store than the one that was
/// backed up, so increments of that one do not fit it any more.
///
/// [`Error::Destination`] when `destination` exists or cannot be written, [`Error::Unrelated`] when the backups do not
/// follow each other, [`Error::Damaged`] when one is not as it was written or the result does not verify.
pub fn restore(
    backups: &[PathBuf],
    destination: &Path,
    schema: &Schema,
    clock: Arc<dyn Clock>,
) -> Result<Manifest, Error> {
    if destination.exists() {
        return Err(failed(destination, &std::io::ErrorKind::AlreadyExists.into()));
    }
    let newest = chain(backups)?;
    let draft = beside(destination, "restored");
    let restored = fill(backups, &draft, &newest, schema, clock).and_then(|()| {
        let failed = |error| failed(destination, &error);
        fs::rename(&draft, destination).map_err(failed)?;
        sync_folder(destination).map_err(failed)
    });
    if restored.is_err() {
        // The error of the restore is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    restored.map(|()| newest)
}

/// Checks that each backup is as it was written and goes on from the one before.
fn chain(backups: &[PathBuf]) -> Result<Manifest, Error> {
    let mut newest: Option<Manifest> = None;
    for path in backups {
        let manifest = Manifest::check(path)?;
        let fits = match (&newest, &manifest.base) {
            (None, None) => true,
            (Some(before), Some(base)) => before.as_base() == *base && before.store == manifest.store,
            _ => false,
        };
        if !fits {
            let reason = match &newest {
                None => "it is an incremental backup; name the full one before it",
                Some(_) => "it does not go on from the backup before it",
            };
            return Err(unrelated(path, reason));
        }
        newest = Some(manifest);
    }
    newest.ok_or_else(|| Error::Unavailable("no backup is named".to_owned()))
}

fn fill(
    backups: &[PathBuf],
    draft: &Path,
    newest: &Manifest,
    schema: &Schema,
    clock: Arc<dyn Clock>,
) -> Result<(), Error> {
    let failed = |error: std::io::Error| failed(draft, &error);
    let (full, increments) = backups.split_first().ok_or(Error::Busy)?;
    let source = Manifest::read(full)?.file(full);
    fs::remove_file(draft).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(failed(error)),
    })?;
    let mut from = File::open(source).map_err(failed)?;
    let mut to = private(draft).map_err(failed)?;
    std::io::copy(&mut from, &mut to).map_err(failed)?;
    to.sync_all().map_err(failed)?;
    drop(to);
    let name = draft.display().to_string();
    let options = Options::default();
    let (mut new, _) = medium::open(&Medium::file(draft), &options, &name).map_err(Failure::into_error)?;
    for path in increments {
        let manifest = Manifest::read(path)?;
        apply(&new, &name, &manifest.file(path)).map_err(Failure::into_error)?;
    }
    let id = getrandom::u64().map_err(|error| Error::Unavailable(error.to_string()))?;
    let done = trim(&new, &name, newest.trimmed.0)
        .and_then(|()| finish(&new, &name, id, newest.commit, newest.trimmed.0))
        .and_then(|()| whole(&mut new, draft));
    done.map_err(Failure::into_error)?;
    drop(new);
    let store = Redb::open(draft, options, Arc::clone(&clock))?;
    let faults = Db::new(Arc::new(store), clock).verify(schema)?;
    match faults.first() {
        None => Ok(()),
        Some(Fault { place, what }) => {
            Err(no_backup(full, &format!("{} faults, the first in {place}: {what}", faults.len())))
        }
    }
}

fn apply(new: &Database, name: &str, path: &Path) -> Result<(), Failure> {
    let mut frames = frames(path).map_err(Failure::Refused)?.peekable();
    while frames.peek().is_some() {
        let (mut rows, mut log, mut bytes) = (ByTable::new(), Log::default(), 0);
        while bytes < BYTES
            && let Some(frame) = frames.next()
        {
            match frame.map_err(|error| Failure::Refused(no_backup(path, &error)))? {
                Frame::Put((table, key), value) => {
                    bytes += key.len() + value.len();
                    rows.entry(table).or_default().push((key, Some(value)));
                }
                Frame::Remove((table, key)) => rows.entry(table).or_default().push((key, None)),
                Frame::Event(seq, event) => {
                    bytes += event.len();
                    log.events.push((seq, event));
                }
                Frame::Place(seq, place) => {
                    bytes += place.len();
                    log.places.push((place, seq));
                }
            }
        }
        write(new, name, &rows, &log)?;
    }
    Ok(())
}

/// A part of the event log.
#[derive(Default)]
struct Log {
    events: Vec<(u64, Vec<u8>)>,
    places: Vec<(Vec<u8>, u64)>,
}

fn write(new: &Database, name: &str, rows: &ByTable, log: &Log) -> Result<(), Failure> {
    let in_file = |error| file::storage(error, name);
    let in_table = |error| file::table(error, name);
    let write = file::begin(new, name, Durability::Safe)?;
    for (table, rows) in rows {
        let table = TableDefinition::<&[u8], &[u8]>::new(table);
        let mut open = write.open_table(table).map_err(in_table)?;
        for (key, value) in rows {
            match value {
                Some(value) => open.insert(key.as_slice(), value.as_slice()).map(drop),
                None => open.remove(key.as_slice()).map(drop),
            }
            .map_err(in_file)?;
        }
    }
    {
        let mut events = write.open_table(EVENTS).map_err(in_table)?;
        for (seq, bytes) in &log.events {
            events.insert(seq, bytes.as_slice()).map_err(in_file)?;
        }
        let mut streams = write.open_table(STREAMS).map_err(in_table)?;
        for (place, seq) in &log.places {
            streams.insert(place.as_slice(), seq).map_err(in_file)?;
        }
    }
    write.commit().map_err(|error| file::commit(error, name))
}

/// Events that the store had removed when the newest increment was made.
fn trim(new: &Database, name: &str, upto: u64) -> Result<(), Failure> {
    let in_table = |error| file::table(error, name);
    let write = file::begin(new, name, Durability::Safe)?;
    {
        let mut log = write.open_table(EVENTS).map_err(in_table)?;
        let mut streams = write.open_table(STREAMS).map_err(in_table)?;
        group::drop_events(&mut log, &mut streams, name, upto)?;
    }
    write.commit().map_err(|error| file::commit(error, name))
}
