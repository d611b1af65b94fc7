//! Checks what must always hold: every record is one that an operation could leave, every index says what its records
//! say, records that point at others find them, and no event is missing.
//!
//! It looks rows up instead of collecting them, so it needs the same memory for a store of any size.

use std::ops::Bound;

use super::schema::{Schema, Type};
use super::tx::{COUNTERS, GUARDS};
use super::{Db, Error, Event, Reader, Seq, Table};

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The table, the index, or `events`.
    pub place: String,
    /// What is wrong; keys as hex.
    pub what: String,
}

/// At most so many faults are collected: a store with more needs a restore, not a longer list.
pub const MAX_FAULTS: usize = 1000;
const CHUNK: usize = 1024;

/// Collects faults, at most [`MAX_FAULTS`].
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes one.
    pub fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if !self.full() {
            self.0.push(Fault { place: place.into(), what: what.into() });
        }
    }

    /// Runs a check. What it cannot read ends it and is a fault; the others still run.
    fn of(&mut self, place: &str, check: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        match check(self) {
            Err(error @ (Error::Damaged { .. } | Error::Newer(_))) => {
                self.add(place, error.to_string());
                Ok(())
            }
            done => done,
        }
    }

    /// Whether no more are taken: a long check may stop.
    pub fn full(&self) -> bool {
        self.0.len() >= MAX_FAULTS
    }
}

/// A check of what several records of one view say of each other.
pub type Check = fn(&Reader<'_>, &mut Faults) -> Result<(), Error>;

impl Db {
    /// Walks one view of the whole store; blocks the thread for as long as that takes.
    pub fn verify(&self, schema: &Schema) -> Result<Vec<Fault>, Error> {
        self.read(|reader| verify(reader, schema))
    }
}

fn verify(reader: &Reader<'_>, schema: &Schema) -> Result<Vec<Fault>, Error> {
    let mut faults = Faults::default();
    for table in strangers(reader, schema)? {
        faults.add(table, "no type of this release knows it");
    }
    for table in [COUNTERS, GUARDS] {
        faults.of(table.0, |faults| numbers(reader, table, faults))?;
    }
    for it in &schema.types {
        faults.of(it.table.0, |faults| records(reader, it, faults))?;
        for index in &it.indexes {
            faults.of(index.0, |faults| entries(reader, it, *index, faults))?;
        }
    }
    faults.of("events", |faults| events(reader, faults))?;
    for check in &schema.checks {
        faults.of("records", |faults| check(reader, faults))?;
    }
    Ok(faults.0)
}

/// Tables that no type knows.
pub(super) fn strangers(reader: &Reader<'_>, schema: &Schema) -> Result<Vec<String>, Error> {
    let known = schema.tables();
    let tables = reader.tables()?.into_iter();
    Ok(tables.filter(|table| known.iter().all(|it| it.0 != table)).collect())
}

/// Counters and guards are numbers from 1.
fn numbers(reader: &Reader<'_>, table: Table, faults: &mut Faults) -> Result<(), Error> {
    walk(reader, table, faults, |key, value, faults| {
        if <[u8; 8]>::try_from(value).map_or(0, u64::from_be_bytes) == 0 {
            faults.add(table.0, format!("{} is no number", hex(key)));
        }
        Ok(())
    })
}

/// Every record reads, stands under its key and has its index entries.
fn records(reader: &Reader<'_>, it: &Type, faults: &mut Faults) -> Result<(), Error> {
    walk(reader, it.table, faults, |key, value, faults| {
        let facts = match (it.read)(value) {
            Ok(facts) => facts,
            Err(error) => {
                faults.add(it.table.0, format!("{}: {error}", hex(key)));
                return Ok(());
            }
        };
        if facts.key != key {
            faults.add(it.table.0, format!("{} holds another key", hex(key)));
        }
        if let Err(reason) = facts.legal {
            faults.add(it.table.0, format!("{}: {reason}", hex(key)));
        }
        // An index that is newer than the row gets its entry when the row is rewritten.
        let young = value.first() == Some(&it.schema);
        for entry in facts.entries {
            match reader.snapshot.get(entry.table, &entry.key)? {
                Some(owner) if owner == key => {}
                None if !young => {}
                Some(_) => faults.add(entry.table.0, format!("{} is another record's", hex(&entry.key))),
                None => faults.add(entry.table.0, format!("{} is missing", hex(&entry.key))),
            }
        }
        Ok(())
    })
}

/// Every index entry has a record that wants it.
fn entries(reader: &Reader<'_>, it: &Type, index: Table, faults: &mut Faults) -> Result<(), Error> {
    walk(reader, index, faults, |key, owner, faults| {
        let record = reader.snapshot.get(it.table, owner)?;
        // A record that does not read is a fault of its own already.
        let wanted = record.is_some_and(|bytes| {
            (it.read)(&bytes).map_or(true, |facts| {
                facts.entries.iter().any(|entry| entry.table == index && entry.key == key)
            })
        });
        if !wanted {
            faults.add(index.0, format!("{} has no record", hex(key)));
        }
        Ok(())
    })
}

fn walk(
    reader: &Reader<'_>,
    table: Table,
    faults: &mut Faults,
    mut visit: impl FnMut(&[u8], &[u8], &mut Faults) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut from = Bound::Unbounded;
    while !faults.full() {
        let rows = reader.range(table, super::reader::as_slice(&from), Bound::Unbounded, false, CHUNK)?;
        for (key, value) in &rows {
            visit(key, value, faults)?;
        }
        let Some((last, _)) = rows.into_iter().next_back() else { break };
        from = Bound::Excluded(last);
    }
    Ok(())
}

/// The log has every number from the first that was not trimmed on, and so has every stream.
fn events(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    let mut last = reader.trimmed();
    while !faults.full() {
        let events = reader.snapshot.events(last, CHUNK)?;
        if events.is_empty() {
            break;
        }
        for event in &events {
            if event.seq.0 != last.0 + 1 {
                faults.add("events", format!("{} follows {}", event.seq.0, last.0));
            }
            last = event.seq;
            if let Some(what) = stranded(reader, event)? {
                faults.add("events", format!("event {}: {what}", last.0));
            }
        }
    }
    if last != reader.seq() && !faults.full() {
        faults.add("events", format!("the log ends at {}, the store says {}", last.0, reader.seq().0));
    }
    Ok(())
}

/// What is wrong with an event's place in its stream: the stream must have it after the number before, which may be
/// missing only when everything before was trimmed.
fn stranded(reader: &Reader<'_>, event: &Event) -> Result<Option<String>, Error> {
    let number = event.stream_seq;
    let around = reader.snapshot.stream(&event.stream, number.saturating_sub(2), 2)?;
    let numbers: Vec<u64> = around.iter().map(|it| it.stream_seq).collect();
    let here = around.iter().any(|it| it.seq == event.seq && it.stream_seq == number);
    let first = || reader.snapshot.stream(&event.stream, 0, 1);
    Ok(match numbers.as_slice() {
        _ if !here => Some(format!("{number} of its stream is another event")),
        [before, _] if *before + 1 == number => None,
        _ if number == 1 && around.first().is_some_and(|it| it.seq == event.seq) => None,
        _ if reader.trimmed() > Seq(0) && first()?.first().is_some_and(|it| it.seq == event.seq) => None,
        _ => Some(format!("what comes before {number} in its stream is missing")),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().take(64).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
