//! One transaction for the batches of a group.
//!
//! Batches are judged one after the other against the file and what their predecessors leave; nothing is written before
//! all are judged. Then every key is written once, with its last value and in order: a counter that all callers of a
//! group raise costs one write.

use std::collections::{BTreeMap, HashMap};

use ::redb::{ReadableTable, Table as Rows, WriteTransaction};

use super::changes::{self, Changes};
use super::file::{self, CHANGES, CHANGES_BYTES_KEY, EVENTS, Facts, Failure, META, STREAMS, TRIMMED_KEY};
use super::{event, load};
use crate::store::{Batch, Error, Event, Expect, History, NewEvent, Seq, Table};

/// How far each stream has counted. Kept from group to group, for only the writer appends; wrong after a failed commit.
pub(super) type Counts = HashMap<String, u64>;

/// So many streams are remembered; then all are forgotten and looked up again.
const MAX_COUNTS: usize = 65_536;

type Open<'txn> = Rows<'txn, &'static [u8], &'static [u8]>;

/// The work of a group.
pub(super) struct Group<'txn, 'a> {
    write: &'txn WriteTransaction,
    name: &'a str,
    at: i64,
    counts: &'a mut Counts,
    /// Tables that preconditions looked into.
    open: BTreeMap<Table, Open<'txn>>,
    /// What the group will write.
    pending: BTreeMap<(Table, &'a [u8]), Option<&'a [u8]>>,
    /// Encoded events, from `facts.head + 1` on, with their places in the streams.
    events: Vec<(Vec<u8>, Vec<u8>)>,
    facts: Facts,
    last: Seq,
    trim: Seq,
    restored: bool,
}

impl<'txn, 'a> Group<'txn, 'a> {
    /// Goes on after what the file holds.
    pub(super) fn new(
        write: &'txn WriteTransaction,
        name: &'a str,
        at: i64,
        facts: Facts,
        counts: &'a mut Counts,
    ) -> Self {
        if counts.len() > MAX_COUNTS {
            counts.clear();
        }
        let (open, pending, events) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let (last, trim) = (facts.head, Seq::default());
        Self { write, name, at, counts, open, pending, events, facts, last, trim, restored: false }
    }

    /// Judges a batch and takes it in.
    pub(super) fn apply(&mut self, batch: &'a Batch) -> Result<Result<Seq, Error>, Failure> {
        for expect in &batch.expect {
            if !self.holds(expect)? {
                return Ok(Err(Error::Conflict { table: expect.table.0, key: expect.key.clone() }));
            }
        }
        if let Some(history) = &batch.history
            && let Err(error) = self.restore(history)?
        {
            return Ok(Err(error));
        }
        for change in &batch.writes {
            self.pending.insert((change.table, &change.key), change.value.as_deref());
        }
        self.trim = self.trim.max(batch.trim.min(self.last));
        for event in &batch.events {
            self.append(event)?;
        }
        Ok(Ok(self.last))
    }

    /// Puts a part of another log after everything that this group has appended so far.
    fn restore(&mut self, history: &History) -> Result<Result<(), Error>, Failure> {
        self.write_events()?;
        let in_table = |error| file::table(error, self.name);
        let mut events = self.write.open_table(EVENTS).map_err(in_table)?;
        let mut streams = self.write.open_table(STREAMS).map_err(in_table)?;
        match load::restore(self.write, self.name, (&mut events, &mut streams), self.last, history)? {
            Ok(last) => {
                (self.last, self.facts.head, self.restored) = (last, last, true);
                self.counts.clear();
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn holds(&mut self, expect: &Expect) -> Result<bool, Failure> {
        if let Some(pending) = self.pending.get(&(expect.table, expect.key.as_slice())) {
            return Ok(*pending == expect.value.as_deref());
        }
        let name = self.name;
        let rows = self.table(expect.table)?;
        let found = rows.get(expect.key.as_slice()).map_err(|error| file::storage(error, name))?;
        Ok(found.as_ref().map(::redb::AccessGuard::value) == expect.value.as_deref())
    }

    fn table(&mut self, table: Table) -> Result<&mut Open<'txn>, Failure> {
        match self.open.entry(table) {
            std::collections::btree_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let rows = self.write.open_table(file::rows(table));
                Ok(slot.insert(rows.map_err(|error| file::table(error, self.name))?))
            }
        }
    }

    fn append(&mut self, new: &NewEvent) -> Result<(), Failure> {
        let stream_seq = self.count(&new.stream)? + 1;
        self.last.0 += 1;
        self.events.push((event::encode(new, stream_seq, self.at), event::place(&new.stream, stream_seq)));
        match self.counts.get_mut(&new.stream) {
            Some(count) => *count = stream_seq,
            None => drop(self.counts.insert(new.stream.clone(), stream_seq)),
        }
        Ok(())
    }

    fn count(&self, stream: &str) -> Result<u64, Failure> {
        if let Some(count) = self.counts.get(stream) {
            return Ok(*count);
        }
        let in_file = |error| file::storage(error, self.name);
        let streams = self.write.open_table(STREAMS).map_err(|error| file::table(error, self.name))?;
        let (first, end) = (event::place(stream, 0), event::place(stream, u64::MAX));
        let range = first.as_slice()..=end.as_slice();
        let newest = streams.range::<&[u8]>(range).map_err(in_file)?.next_back().transpose();
        Ok(newest.map_err(in_file)?.map_or(0, |(place, _)| event::number(place.value())))
    }

    /// Writes everything, and tells the facts of the file once that is committed; `None` when there was nothing.
    pub(super) fn finish(mut self) -> Result<Option<Facts>, Failure> {
        let silent = self.events.is_empty() && self.trim == Seq::default() && !self.restored;
        if self.pending.is_empty() && silent {
            return Ok(None);
        }
        let mut changes = Changes::default();
        for ((table, key), value) in std::mem::take(&mut self.pending) {
            changes.add(table, key);
            let name = self.name;
            let rows = self.table(table)?;
            match value {
                Some(value) => rows.insert(key, value).map(drop),
                None => rows.remove(key).map(drop),
            }
            .map_err(|error| file::storage(error, name))?;
        }
        self.write_events()?;
        if self.trim > Seq::default() {
            self.write_trim()?;
        }
        let facts = Facts { head: self.last, commit: self.facts.commit + 1 };
        self.write_changes(facts.commit, changes.as_bytes())?;
        Ok(Some(facts))
    }

    fn write_events(&mut self) -> Result<(), Failure> {
        if self.events.is_empty() {
            return Ok(());
        }
        let in_file = |error| file::storage(error, self.name);
        let in_table = |error| file::table(error, self.name);
        let mut places = Vec::with_capacity(self.events.len());
        {
            let mut events = self.write.open_table(EVENTS).map_err(in_table)?;
            for (seq, (bytes, place)) in (self.facts.head.0 + 1..).zip(std::mem::take(&mut self.events)) {
                events.insert(seq, bytes.as_slice()).map_err(in_file)?;
                places.push((place, seq));
            }
        }
        places.sort_unstable();
        let mut streams = self.write.open_table(STREAMS).map_err(in_table)?;
        for (place, seq) in places {
            streams.insert(place.as_slice(), seq).map_err(in_file)?;
        }
        self.facts.head = self.last;
        Ok(())
    }

    fn write_trim(&self) -> Result<(), Failure> {
        let in_file = |error| file::storage(error, self.name);
        let in_table = |error| file::table(error, self.name);
        let mut meta = self.write.open_table(META).map_err(in_table)?;
        let trimmed = meta.get(TRIMMED_KEY).map_err(in_file)?.map_or(0, |seq| seq.value());
        if self.trim.0 <= trimmed {
            return Ok(());
        }
        meta.insert(TRIMMED_KEY, self.trim.0).map_err(in_file)?;
        let mut events = self.write.open_table(EVENTS).map_err(in_table)?;
        let mut streams = self.write.open_table(STREAMS).map_err(in_table)?;
        drop_events(&mut events, &mut streams, self.name, self.trim.0)
    }

    fn write_changes(&self, commit: u64, bytes: &[u8]) -> Result<(), Failure> {
        let in_file = |error| file::storage(error, self.name);
        let in_table = |error| file::table(error, self.name);
        let mut rows = self.write.open_table(CHANGES).map_err(in_table)?;
        rows.insert(commit, bytes).map_err(in_file)?;
        let mut meta = self.write.open_table(META).map_err(in_table)?;
        let before = meta.get(CHANGES_BYTES_KEY).map_err(in_file)?.map_or(0, |bytes| bytes.value());
        let mut total = before + changes::cost(bytes);
        while total > changes::LIMIT
            && rows.first().map_err(in_file)?.is_some_and(|(oldest, _)| oldest.value() < commit)
            && let Some((_, gone)) = rows.pop_first().map_err(in_file)?
        {
            total = total.saturating_sub(changes::cost(gone.value()));
        }
        meta.insert(CHANGES_BYTES_KEY, total).map_err(in_file)?;
        Ok(())
    }
}

/// Removes the events up to a number. Of each stream the newest place stays, also when its event goes: it says how far the
/// stream has counted.
pub(super) fn drop_events(
    events: &mut Rows<'_, u64, &'static [u8]>,
    streams: &mut Rows<'_, &'static [u8], u64>,
    name: &str,
    upto: u64,
) -> Result<(), Failure> {
    let in_file = |error| file::storage(error, name);
    while let Some((seq, gone)) = oldest(events, name)?.filter(|(seq, _)| *seq <= upto) {
        events.remove(seq).map_err(in_file)?;
        let place = event::place(&gone.stream, gone.stream_seq);
        let end = event::place(&gone.stream, u64::MAX);
        let newer = streams.range::<&[u8]>(place.as_slice()..=end.as_slice()).map_err(in_file)?;
        if newer.take(2).count() > 1 {
            streams.remove(place.as_slice()).map_err(in_file)?;
        }
    }
    Ok(())
}

fn oldest(
    events: &impl ReadableTable<u64, &'static [u8]>,
    name: &str,
) -> Result<Option<(u64, Event)>, Failure> {
    let first = events.first().map_err(|error| file::storage(error, name))?;
    let Some((seq, bytes)) = first else { return Ok(None) };
    let event = event::decode(seq.value(), bytes.value()).map_err(Failure::Refused)?;
    Ok(Some((seq.value(), event)))
}
