//! Typed writes: one optimistic transaction.

use std::collections::BTreeMap;
use std::ops::{Bound, Deref};

use serde::Serialize;

use super::key::Key;
use super::reader::Reader;
use super::record::{Entry, Indexes, Record, decode, encode};
use super::{Batch, Error, Expect, NewEvent, Seq, Table, Write};
use crate::time::Time;

pub(super) const COUNTERS: Table = Table("_counters");
pub(super) const GUARDS: Table = Table("_guards");

type Place = (Table, Vec<u8>);

/// What a transaction read and will write.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) tracking: bool,
    seen: BTreeMap<Place, Option<Vec<u8>>>,
    writes: BTreeMap<Place, Option<Vec<u8>>>,
    events: Vec<NewEvent>,
    trim: Seq,
}

impl Pending {
    pub(super) fn tracking() -> Self {
        Self { tracking: true, ..Self::default() }
    }

    pub(super) fn saw(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        let place = (table, key);
        // A row that the transaction wrote itself says nothing about the store.
        if self.tracking && !self.writes.contains_key(&place) {
            self.seen.entry(place).or_insert(value);
        }
    }

    /// What the transaction itself wrote there.
    pub(super) fn own(&self, table: Table, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        if self.writes.is_empty() { None } else { self.writes.get(&(table, key.to_vec())) }
    }

    pub(super) fn written(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        if self.writes.is_empty() {
            return Vec::new();
        }
        let first = from.map(|key| (table, key.to_vec()));
        let first =
            if matches!(first, Bound::Unbounded) { Bound::Included((table, Vec::new())) } else { first };
        self.writes
            .range((first, Bound::Unbounded))
            .take_while(|((at, key), _)| {
                *at == table
                    && match to {
                        Bound::Included(to) => key.as_slice() <= to,
                        Bound::Excluded(to) => key.as_slice() < to,
                        Bound::Unbounded => true,
                    }
            })
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect()
    }

    /// `None` when there is nothing to commit.
    pub(super) fn into_batch(self) -> Option<Batch> {
        if self.writes.is_empty() && self.events.is_empty() && self.trim == Seq::default() {
            return None;
        }
        let expect =
            self.seen.into_iter().map(|((table, key), value)| Expect { table, key, value }).collect();
        let writes =
            self.writes.into_iter().map(|((table, key), value)| Write { table, key, value }).collect();
        Some(Batch { expect, writes, events: self.events, trim: self.trim, history: None })
    }
}

/// One try of [`Db::write`](super::Db::write). Reads through it (it is a [`Reader`]) become preconditions.
///
/// Rows that were read cannot change under it, but new rows may appear in a range that it listed. Where
/// that matters ("no other run is active") use a unique index, or [`Tx::guard`] the range.
pub struct Tx<'s> {
    pub(super) reader: Reader<'s>,
    pub(super) now: Time,
}

impl<'s> Deref for Tx<'s> {
    type Target = Reader<'s>;

    fn deref(&self) -> &Reader<'s> {
        &self.reader
    }
}

impl Tx<'_> {
    /// The time of this try; the same for all of it.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Writes a record, new or not.
    ///
    /// [`Error::Taken`] when a unique index holds one of its keys for another record, also when that
    /// record gives the key up later in this transaction.
    pub fn put<T: Record>(&mut self, record: &T) -> Result<(), Error> {
        let key = record.key().to_bytes();
        let old = self.raw(T::TABLE, &key)?;
        self.replace(key, old, record)
    }

    /// Writes a new record; [`Error::Exists`] when there is one with its key.
    pub fn insert<T: Record>(&mut self, record: &T) -> Result<(), Error> {
        let key = record.key().to_bytes();
        match self.raw(T::TABLE, &key)? {
            Some(_) => Err(Error::Exists { table: T::TABLE.0 }),
            None => self.replace(key, None, record),
        }
    }

    /// Writes a record without looking at what is there, so that no other write of it is a conflict: the last
    /// one to commit wins. Only for records without indexes, which the old record would be needed for.
    pub fn overwrite<T: Record>(&mut self, record: &T) -> Result<(), Error> {
        const { assert!(T::INDEXES.is_empty(), "the old record's index entries would stay") };
        self.set(T::TABLE, record.key().to_bytes(), Some(encode(record)?));
        Ok(())
    }

    /// Removes a record without looking at it, whether it is there, readable or not. Only for records without
    /// indexes.
    pub fn erase<T: Record>(&mut self, key: &T::Key) {
        const { assert!(T::INDEXES.is_empty(), "the record's index entries would stay") };
        self.set(T::TABLE, key.to_bytes(), None);
    }

    /// Removes a record and answers what it was.
    pub fn remove<T: Record>(&mut self, key: &T::Key) -> Result<Option<T>, Error> {
        let key = key.to_bytes();
        let Some(old) = self.raw(T::TABLE, &key)? else { return Ok(None) };
        let record: T = decode(&old)?;
        for entry in Indexes::of(&record) {
            self.set(entry.table, entry.key, None);
        }
        self.set(T::TABLE, key, None);
        Ok(Some(record))
    }

    /// Appends an event; its number comes with the commit.
    pub fn event(
        &mut self,
        stream: impl Into<String>,
        kind: impl Into<String>,
        payload: &impl Serialize,
    ) -> Result<(), Error> {
        let (stream, kind) = (stream.into(), kind.into());
        let payload = serde_json::to_vec(payload).map_err(|error| Error::Damaged {
            what: format!("an event {kind} of {stream}"),
            reason: error.to_string(),
        })?;
        self.reader.pending.get_mut().events.push(NewEvent { stream, kind, payload });
        Ok(())
    }

    /// Removes the events up to this one from the log; those of this transaction stay.
    pub fn trim(&mut self, upto: Seq) {
        let pending = self.reader.pending.get_mut();
        pending.trim = pending.trim.max(upto);
    }

    /// The next number of a counter, from 1; gapless, because it is given back when the transaction fails.
    pub fn next(&mut self, name: &impl Key) -> Result<u64, Error> {
        let next = self.counter(name)? + 1;
        self.set(COUNTERS, name.to_bytes(), Some(next.to_be_bytes().to_vec()));
        Ok(next)
    }

    /// Lets only one of the transactions that guard the same name commit; the others run again.
    pub fn guard(&mut self, name: &impl Key) -> Result<(), Error> {
        let key = name.to_bytes();
        let turn =
            self.raw(GUARDS, &key)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        self.set(GUARDS, key, Some((turn + 1).to_be_bytes().to_vec()));
        Ok(())
    }

    fn replace<T: Record>(&mut self, key: Vec<u8>, old: Option<Vec<u8>>, record: &T) -> Result<(), Error> {
        // Under an older schema there may have been fewer indexes: what its entries were nobody knows any more.
        let known = old.as_ref().is_some_and(|bytes| bytes.first() == Some(&T::SCHEMA));
        let gone = match old {
            Some(bytes) => Indexes::of(&decode::<T>(&bytes)?),
            None => Vec::new(),
        };
        let wanted = Indexes::of(record);
        let new = |entry: &&Entry| !known || !gone.contains(entry);
        for entry in wanted.iter().filter(new).filter(|entry| entry.unique) {
            self.claim(entry, &key)?;
        }
        for entry in gone.iter().filter(|entry| !wanted.contains(entry)) {
            self.set(entry.table, entry.key.clone(), None);
        }
        for entry in wanted.iter().filter(new) {
            self.set(entry.table, entry.key.clone(), Some(key.clone()));
        }
        self.set(T::TABLE, key, Some(encode(record)?));
        Ok(())
    }

    fn claim(&self, entry: &Entry, key: &[u8]) -> Result<(), Error> {
        match self.raw(entry.table, &entry.key)? {
            Some(owner) if owner != key => Err(Error::Taken { index: entry.table.0 }),
            _ => Ok(()),
        }
    }

    fn set(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.reader.pending.get_mut().writes.insert((table, key), value);
    }
}
