//! Checks what must always hold: every index says what its records say, and no event is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::key::Key;
use super::record::{Indexes, Record};
use super::{Db, Error, Reader, Seq, Table};

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The table, the index, or `events`.
    pub place: &'static str,
    /// What is wrong; keys as hex.
    pub what: String,
}

/// At most so many faults are collected: a store with more needs a restore, not a longer list.
pub const MAX_FAULTS: usize = 1000;
const CHUNK: usize = 1024;

type Check = fn(&Reader<'_>, &mut Vec<Fault>) -> Result<(), Error>;

/// Which records to check.
#[derive(Clone)]
pub struct Verifier {
    checks: Vec<Check>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { checks: vec![events, indexes::<super::Lease>] }
    }
}

impl Verifier {
    /// Also checks the records of a type and their indexes.
    #[must_use]
    pub fn with<T: Record>(mut self) -> Self {
        self.checks.push(indexes::<T>);
        self
    }
}

impl Db {
    /// Walks one view of the whole store; blocks the thread for as long as that takes.
    pub fn verify(&self, verifier: &Verifier) -> Result<Vec<Fault>, Error> {
        self.read(|reader| {
            let mut faults = Vec::new();
            for check in &verifier.checks {
                check(reader, &mut faults)?;
            }
            faults.truncate(MAX_FAULTS);
            Ok(faults)
        })
    }
}

fn indexes<T: Record>(reader: &Reader<'_>, faults: &mut Vec<Fault>) -> Result<(), Error> {
    let mut wanted: BTreeSet<(Table, Vec<u8>, Vec<u8>)> = BTreeSet::new();
    walk(reader, T::TABLE, faults, |key, value, faults| match super::record::decode::<T>(&value) {
        Err(error) => faults.push(Fault { place: T::TABLE.0, what: format!("{}: {error}", hex(&key)) }),
        Ok(record) if record.key().to_bytes() != key => {
            faults.push(Fault { place: T::TABLE.0, what: format!("{} holds another key", hex(&key)) });
        }
        Ok(record) => {
            wanted
                .extend(Indexes::of(&record).into_iter().map(|entry| (entry.table, entry.key, key.clone())));
        }
    })?;
    for index in T::INDEXES {
        walk(reader, index.table, faults, |key, value, faults| {
            let entry = (index.table, key, value);
            if !wanted.remove(&entry) {
                faults.push(Fault { place: index.name(), what: format!("{} has no record", hex(&entry.1)) });
            }
        })?;
    }
    faults.extend(
        wanted
            .into_iter()
            .take(MAX_FAULTS)
            .map(|(table, key, _)| Fault { place: table.0, what: format!("{} is missing", hex(&key)) }),
    );
    Ok(())
}

fn walk(
    reader: &Reader<'_>,
    table: Table,
    faults: &mut Vec<Fault>,
    mut visit: impl FnMut(Vec<u8>, Vec<u8>, &mut Vec<Fault>),
) -> Result<(), Error> {
    let mut from = Bound::Unbounded;
    loop {
        let rows = reader.range(table, super::reader::as_slice(&from), Bound::Unbounded, false, CHUNK)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        from = Bound::Excluded(last.clone());
        for (key, value) in rows {
            visit(key, value, faults);
        }
        if faults.len() >= MAX_FAULTS {
            return Ok(());
        }
    }
}

fn events(reader: &Reader<'_>, faults: &mut Vec<Fault>) -> Result<(), Error> {
    let mut streams: BTreeMap<String, u64> = BTreeMap::new();
    let mut last = Seq::default();
    let mut fault = |what: String| faults.push(Fault { place: "events", what });
    loop {
        let events = reader.snapshot.events(last, CHUNK)?;
        if events.is_empty() {
            break;
        }
        for event in events {
            if event.seq.0 != last.0 + 1 {
                fault(format!("{} follows {}", event.seq.0, last.0));
            }
            last = event.seq;
            let stream_last = streams.entry(event.stream).or_default();
            if event.stream_seq != *stream_last + 1 {
                fault(format!("event {}: {} follows {stream_last} in its stream", last.0, event.stream_seq));
            }
            *stream_last = event.stream_seq;
        }
    }
    if last != reader.seq() {
        fault(format!("the log ends at {}, the store says {}", last.0, reader.seq().0));
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().take(64).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
