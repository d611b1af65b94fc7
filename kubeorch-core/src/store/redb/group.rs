//! One transaction for the batches of a group.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ::redb::{ReadableTable, Table as Rows, WriteTransaction};

use super::changes::{self, Changes};
use super::event;
use super::file::{self, CHANGES, CHANGES_BYTES_KEY, EVENTS, Facts, Failure, META, STREAMS, TRIMMED_KEY};
use crate::store::{Batch, Error, Event, Expect, NewEvent, Seq, Table};

/// The transaction of one group. Each batch is judged against what its predecessors left, before it
/// writes anything, so one that is refused leaves no trace.
pub(super) struct Group<'txn> {
    write: &'txn WriteTransaction,
    name: &'txn str,
    at: i64,
    open: BTreeMap<Table, Rows<'txn, &'static [u8], &'static [u8]>>,
    events: Rows<'txn, u64, &'static [u8]>,
    streams: Rows<'txn, &'static [u8], u64>,
    last: Seq,
    commit: u64,
    changes: Changes,
    changed: bool,
}

impl<'txn> Group<'txn> {
    /// Goes on after what the file holds.
    pub(super) fn new(
        write: &'txn WriteTransaction,
        name: &'txn str,
        at: i64,
        facts: Facts,
    ) -> Result<Self, Failure> {
        let events = write.open_table(EVENTS).map_err(|error| file::table(error, name))?;
        let streams = write.open_table(STREAMS).map_err(|error| file::table(error, name))?;
        let (open, changes) = (BTreeMap::new(), Changes::default());
        let (last, commit) = (facts.head, facts.commit + 1);
        Ok(Self { write, name, at, open, events, streams, last, commit, changes, changed: false })
    }

    /// Notes what was changed, and tells the facts of the file once this is committed; `None` when nothing was.
    pub(super) fn finish(self) -> Result<Option<Facts>, Failure> {
        if !self.changed {
            return Ok(None);
        }
        let (name, bytes) = (self.name, self.changes.as_bytes());
        let in_file = |error| file::storage(error, name);
        let in_table = |error| file::table(error, name);
        let mut rows = self.write.open_table(CHANGES).map_err(in_table)?;
        rows.insert(self.commit, bytes).map_err(in_file)?;
        let mut meta = self.write.open_table(META).map_err(in_table)?;
        let before = meta.get(CHANGES_BYTES_KEY).map_err(in_file)?.map_or(0, |bytes| bytes.value());
        let mut total = before + bytes.len() as u64;
        while total > changes::LIMIT
            && let Some((commit, bytes)) = rows.pop_first().map_err(in_file)?
            && commit.value() < self.commit
        {
            total = total.saturating_sub(bytes.value().len() as u64);
        }
        meta.insert(CHANGES_BYTES_KEY, total).map_err(in_file)?;
        Ok(Some(Facts { head: self.last, commit: self.commit }))
    }

    /// Judges a batch and writes it.
    pub(super) fn apply(&mut self, batch: &Batch) -> Result<Result<Seq, Error>, Failure> {
        for expect in &batch.expect {
            if !self.holds(expect)? {
                return Ok(Err(Error::Conflict { table: expect.table.0, key: expect.key.clone() }));
            }
        }
        for change in &batch.writes {
            let name = self.name;
            let rows = self.table(change.table)?;
            match &change.value {
                Some(value) => rows.insert(change.key.as_slice(), value.as_slice()).map(drop),
                None => rows.remove(change.key.as_slice()).map(drop),
            }
            .map_err(|error| file::storage(error, name))?;
        }
        if batch.trim > Seq::default() {
            self.trim(batch.trim)?;
        }
        for event in &batch.events {
            self.append(event)?;
        }
        self.changes.add(batch);
        self.changed |= !batch.writes.is_empty() || !batch.events.is_empty() || batch.trim > Seq::default();
        Ok(Ok(self.last))
    }

    fn holds(&mut self, expect: &Expect) -> Result<bool, Failure> {
        let name = self.name;
        let found = self
            .table(expect.table)?
            .get(expect.key.as_slice())
            .map_err(|error| file::storage(error, name))?;
        Ok(found.as_ref().map(::redb::AccessGuard::value) == expect.value.as_deref())
    }

    fn table(&mut self, table: Table) -> Result<&mut Rows<'txn, &'static [u8], &'static [u8]>, Failure> {
        match self.open.entry(table) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(slot) => {
                let rows = self.write.open_table(file::rows(table));
                Ok(slot.insert(rows.map_err(|error| file::table(error, self.name))?))
            }
        }
    }

    fn append(&mut self, new: &NewEvent) -> Result<(), Failure> {
        let in_file = |error| file::storage(error, self.name);
        let (first, end) = (event::place(&new.stream, 0), event::place(&new.stream, u64::MAX));
        let range = first.as_slice()..=end.as_slice();
        let newest = self.streams.range::<&[u8]>(range).map_err(in_file)?.next_back().transpose();
        let stream_seq = newest.map_err(in_file)?.map_or(0, |(place, _)| event::number(place.value())) + 1;
        self.last.0 += 1;
        let bytes = event::encode(new, stream_seq, self.at);
        self.events.insert(self.last.0, bytes.as_slice()).map_err(in_file)?;
        let place = event::place(&new.stream, stream_seq);
        self.streams.insert(place.as_slice(), self.last.0).map_err(in_file)?;
        Ok(())
    }

    /// Of each stream the newest place stays, also when its event goes: it says how far the stream has counted.
    fn trim(&mut self, upto: Seq) -> Result<(), Failure> {
        let name = self.name;
        let in_file = |error| file::storage(error, name);
        let upto = upto.min(self.last);
        let mut meta = self.write.open_table(META).map_err(|error| file::table(error, name))?;
        let trimmed = meta.get(TRIMMED_KEY).map_err(in_file)?.map_or(0, |seq| seq.value());
        if upto.0 <= trimmed {
            return Ok(());
        }
        meta.insert(TRIMMED_KEY, upto.0).map_err(in_file)?;
        while let Some((seq, gone)) = self.oldest()?.filter(|(seq, _)| *seq <= upto.0) {
            self.events.remove(seq).map_err(in_file)?;
            let place = event::place(&gone.stream, gone.stream_seq);
            let end = event::place(&gone.stream, u64::MAX);
            let newest = self.streams.range::<&[u8]>(place.as_slice()..=end.as_slice()).map_err(in_file)?;
            let is_newest = newest.take(2).count() == 1;
            if !is_newest {
                self.streams.remove(place.as_slice()).map_err(in_file)?;
            }
        }
        Ok(())
    }

    fn oldest(&self) -> Result<Option<(u64, Event)>, Failure> {
        let first = self.events.first().map_err(|error| file::storage(error, self.name))?;
        let Some((seq, bytes)) = first else { return Ok(None) };
        let event = event::decode(seq.value(), bytes.value()).map_err(Failure::Refused)?;
        Ok(Some((seq.value(), event)))
    }
}
