//! Typed reads of one consistent view.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::key::Key;
use super::query::Query;
use super::record::{Index, Record, decode};
use super::tx::Pending;
use super::{Error, Event, Row, Seq, Snapshot, Table};
use crate::page::{Page, Paged};

/// How many rows are copied at a time while a query skips or visits.
const CHUNK: usize = 256;

/// A consistent view. Inside [`Db::write`](super::Db::write) it also shows the transaction's own changes,
/// and remembers what was read.
pub struct Reader<'s> {
    pub(super) snapshot: Box<dyn Snapshot + 's>,
    pub(super) pending: RefCell<Pending>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(snapshot: Box<dyn Snapshot + 's>, pending: Pending) -> Self {
        Self { snapshot, pending: RefCell::new(pending) }
    }

    /// The newest event in this view; hand it to [`Db::feed`](super::Db::feed) to follow without a gap.
    pub fn seq(&self) -> Seq {
        self.snapshot.seq()
    }

    /// The newest event that retention has removed; zero when the log is whole.
    pub fn trimmed(&self) -> Seq {
        self.snapshot.trimmed()
    }

    /// The names of all tables with rows, indexes and the typed layer's own among them.
    pub fn tables(&self) -> Result<Vec<String>, Error> {
        self.snapshot.tables()
    }

    /// One record.
    pub fn get<T: Record>(&self, key: &T::Key) -> Result<Option<T>, Error> {
        self.raw(T::TABLE, &key.to_bytes())?.map(|bytes| decode(&bytes)).transpose()
    }

    /// Whether the record is there.
    pub fn contains<T: Record>(&self, key: &T::Key) -> Result<bool, Error> {
        Ok(self.raw(T::TABLE, &key.to_bytes())?.is_some())
    }

    /// The record that a unique index holds for a key.
    pub fn find<T: Record>(&self, index: Index<T>, key: &impl Key) -> Result<Option<T>, Error> {
        debug_assert!(index.unique, "{} is not unique", index.name());
        match self.raw(index.table, &key.to_bytes())? {
            Some(owner) => self.load(index.table, &owner).map(Some),
            None => Ok(None),
        }
    }

    /// The records of a query.
    pub fn list<T: Record>(&self, query: &Query<T>) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut skip = query.offset;
        if query.limit == 0 {
            return Ok(items);
        }
        self.rows::<T, Error>(query, |key, value| {
            if skip > 0 {
                skip -= 1;
                return Ok(true);
            }
            items.push(self.record(query, key, value)?);
            Ok(items.len() < query.limit)
        })?;
        Ok(items)
    }

    /// A window of a query, and how many records it has in all.
    pub fn paged<T: Record>(&self, query: Query<T>, page: Page) -> Result<Paged<T>, Error> {
        let query = query.page(page);
        Ok(Paged { items: self.list(&query)?, total: self.count(&query)? })
    }

    /// The first record of a query.
    pub fn first<T: Record>(&self, query: Query<T>) -> Result<Option<T>, Error> {
        Ok(self.list(&query.limit(1))?.pop())
    }

    /// How many records the query's range has, whatever its window.
    pub fn count<T: Record>(&self, query: &Query<T>) -> Result<usize, Error> {
        let (from, to) = query.bounds();
        if is_empty(&from, &to) {
            return Ok(0);
        }
        let mut count = self.snapshot.count(query.table, as_slice(&from), as_slice(&to))?;
        for (key, value) in self.pending.borrow().written(query.table, as_slice(&from), as_slice(&to)) {
            match (self.snapshot.get(query.table, &key)?.is_some(), value.is_some()) {
                (false, true) => count += 1,
                (true, false) => count -= 1,
                _ => {}
            }
        }
        Ok(count)
    }

    /// Hands every record of a query to `visit` with bounded memory, until it answers `false`. Its window does not count.
    pub fn each<T: Record, E: From<Error>>(
        &self,
        query: &Query<T>,
        mut visit: impl FnMut(T) -> Result<bool, E>,
    ) -> Result<(), E> {
        self.rows(query, |key, value| visit(self.record(query, key, value)?))
    }

    /// Hands the key of every record of a type to `visit`, in order, with bounded memory; the records are not
    /// read as such, so one that is damaged has a key too.
    pub fn keys<T: Record>(&self, mut visit: impl FnMut(&[u8])) -> Result<(), Error> {
        self.rows::<T, Error>(&Query::all(), |key, _| {
            visit(&key);
            Ok(true)
        })
    }

    /// Events of the log after `seq`, at most `limit`. [`Error::Trimmed`] when some of them are gone.
    pub fn events(&self, after: Seq, limit: usize) -> Result<Vec<Event>, Error> {
        self.snapshot.events(after, limit)
    }

    /// Events of one stream after its own number `after`, at most `limit`.
    pub fn stream(&self, stream: &str, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        self.snapshot.stream(stream, after, limit)
    }

    /// The newest value of a counter; see [`Tx::next`](super::Tx::next).
    pub fn counter(&self, name: &impl Key) -> Result<u64, Error> {
        let bytes = self.raw(super::tx::COUNTERS, &name.to_bytes())?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    fn record<T: Record>(&self, query: &Query<T>, key: Vec<u8>, value: Vec<u8>) -> Result<T, Error> {
        if query.indexed {
            return self.load(query.table, &value);
        }
        let record = decode(&value);
        self.pending.borrow_mut().saw(T::TABLE, key, Some(value));
        record
    }

    fn load<T: Record>(&self, index: Table, key: &[u8]) -> Result<T, Error> {
        let bytes = self.raw(T::TABLE, key)?.ok_or_else(|| Error::Damaged {
            what: format!("the index {}", index.0),
            reason: "an entry has no record".to_owned(),
        })?;
        decode(&bytes)
    }

    pub(super) fn raw(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if let Some(own) = self.pending.borrow().own(table, key) {
            return Ok(own.clone());
        }
        let value = self.snapshot.get(table, key)?;
        let mut pending = self.pending.borrow_mut();
        // A plain view remembers nothing and need not copy.
        if pending.tracking {
            pending.saw(table, key.to_vec(), value.clone());
        }
        Ok(value)
    }

    fn rows<T: Record, E: From<Error>>(
        &self,
        query: &Query<T>,
        mut visit: impl FnMut(Vec<u8>, Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let (mut from, mut to) = query.bounds();
        // A page of 50 reads 50 rows; a long walk reads chunks.
        let chunk = query.offset.saturating_add(query.limit).clamp(1, CHUNK);
        while !is_empty(&from, &to) {
            let rows = self.range(query.table, as_slice(&from), as_slice(&to), query.reverse, chunk)?;
            let more = rows.len() == chunk;
            if let Some((key, _)) = rows.last() {
                *(if query.reverse { &mut to } else { &mut from }) = Bound::Excluded(key.clone());
            }
            for (key, value) in rows {
                if !visit(key, value)? {
                    return Ok(());
                }
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// The snapshot's rows with the transaction's own on top.
    pub(super) fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let own = self.pending.borrow().written(table, from, to);
        // Removed rows leave room: fetching as many more keeps the first `limit` complete.
        let rows = self.snapshot.range(table, from, to, reverse, limit + own.len())?;
        if own.is_empty() {
            return Ok(rows);
        }
        let mut merged: BTreeMap<_, _> = rows.into_iter().collect();
        for (key, value) in own {
            match value {
                Some(value) => merged.insert(key, value),
                None => merged.remove(&key),
            };
        }
        Ok(if reverse {
            merged.into_iter().rev().take(limit).collect()
        } else {
            merged.into_iter().take(limit).collect()
        })
    }
}

pub(super) fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// Whether no key can lie between: backends need not accept such bounds.
pub(super) fn is_empty(from: &Bound<Vec<u8>>, to: &Bound<Vec<u8>>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
        _ => false,
    }
}
