//! A read transaction.

use std::cell::RefCell;
use std::ops::Bound;
use std::rc::Rc;

use ::redb::{
    AccessGuard, Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    ReadableTableMetadata, StorageError, TableError, TableHandle,
};

use super::event;
use super::file::{self, EVENTS, Failure, META, STREAMS, TRIMMED_KEY};
use super::meter::Open;
use super::store::Redb;
use crate::store::memory::crosses;
use crate::store::{Error, Event, Row, Seq, Snapshot, Table};

type Guard<'a> = AccessGuard<'a, &'static [u8]>;
type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

pub(super) struct View<'a> {
    store: &'a Redb,
    read: ReadTransaction,
    events: ReadOnlyTable<u64, &'static [u8]>,
    seq: Seq,
    trimmed: Seq,
    _open: Open,
    /// A list reads many rows of few tables; a table that is not there yet is empty.
    open: RefCell<Vec<(Table, Option<Rc<Rows>>)>>,
}

impl<'a> View<'a> {
    pub(super) fn new(database: &Database, store: &'a Redb, open: Open) -> Result<Self, Failure> {
        let name = store.name();
        let read = database.begin_read().map_err(|error| file::transaction(error, name))?;
        let events = read.open_table(EVENTS).map_err(|error| file::table(error, name))?;
        let meta = read.open_table(META).map_err(|error| file::table(error, name))?;
        let trimmed = meta.get(TRIMMED_KEY).map_err(|error| file::storage(error, name))?;
        let trimmed = Seq(trimmed.map_or(0, |seq| seq.value()));
        let last = events.last().map_err(|error| file::storage(error, name))?;
        let seq = Seq(last.map_or(trimmed.0, |(seq, _)| seq.value()));
        Ok(Self { store, read, events, seq, trimmed, _open: open, open: RefCell::default() })
    }

    fn table(&self, table: Table) -> Result<Option<Rc<Rows>>, Error> {
        let mut open = self.open.borrow_mut();
        if let Some((_, rows)) = open.iter().find(|(name, _)| *name == table) {
            return Ok(rows.clone());
        }
        let rows = match self.read.open_table(file::rows(table)) {
            Ok(rows) => Some(Rc::new(rows)),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(self.no_table(error)),
        };
        open.push((table, rows.clone()));
        Ok(rows)
    }

    /// redb refuses every read that its cache does not answer after one that failed, until the file is opened again.
    fn failed(&self, error: StorageError) -> Error {
        self.store.complain();
        file::storage(error, self.store.name()).into_error()
    }

    fn no_table(&self, error: TableError) -> Error {
        self.store.complain();
        file::table(error, self.store.name()).into_error()
    }

    fn event(&self, seq: u64) -> Result<Event, Error> {
        let bytes = self.events.get(seq).map_err(|error| self.failed(error))?;
        let bytes = bytes.ok_or_else(|| Error::Damaged {
            what: format!("event {seq}"),
            reason: "its stream names it, the log does not have it".to_owned(),
        })?;
        event::decode(seq, bytes.value())
    }
}

impl Snapshot for View<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(rows) = self.table(table)? else { return Ok(None) };
        let value = rows.get(key).map_err(|error| self.failed(error))?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let Some(rows) = self.table(table)?.filter(|_| !crosses(from, to)) else { return Ok(Vec::new()) };
        let range = rows.range::<&[u8]>((from, to)).map_err(|error| self.failed(error))?;
        let copy = |row: Result<(Guard<'_>, Guard<'_>), _>| {
            row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec()))
                .map_err(|error| self.failed(error))
        };
        if reverse {
            range.rev().take(limit).map(copy).collect()
        } else {
            range.take(limit).map(copy).collect()
        }
    }

    fn count(&self, table: Table, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Result<usize, Error> {
        let Some(rows) = self.table(table)?.filter(|_| !crosses(from, to)) else { return Ok(0) };
        let mut range = rows.range::<&[u8]>((from, to)).map_err(|error| self.failed(error))?;
        range.try_fold(0, |count, row| row.map(|_| count + 1)).map_err(|error| self.failed(error))
    }

    fn seq(&self) -> Seq {
        self.seq
    }

    fn trimmed(&self) -> Seq {
        self.trimmed
    }

    fn tables(&self) -> Result<Vec<String>, Error> {
        let tables = self.read.list_tables().map_err(|error| self.failed(error))?;
        let mut names = Vec::new();
        for table in tables.filter(|table| !table.name().starts_with('!')) {
            let name = table.name().to_owned();
            // A table that was emptied stays in the file.
            let rows = self.read.open_untyped_table(table);
            let rows = rows.map_err(|error| self.no_table(error))?;
            if !rows.is_empty().map_err(|error| self.failed(error))? {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn events(&self, after: Seq, limit: usize) -> Result<Vec<Event>, Error> {
        if after < self.trimmed {
            return Err(Error::Trimmed { upto: self.trimmed });
        }
        let Some(first) = after.0.checked_add(1) else { return Ok(Vec::new()) };
        let range = self.events.range(first..).map_err(|error| self.failed(error))?;
        range
            .take(limit)
            .map(|row| {
                let (seq, bytes) = row.map_err(|error| self.failed(error))?;
                event::decode(seq.value(), bytes.value())
            })
            .collect()
    }

    fn stream(&self, stream: &str, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let streams = self.read.open_table(STREAMS).map_err(|error| self.no_table(error))?;
        let (from, to) = (event::place(stream, after), event::place(stream, u64::MAX));
        let range = (Bound::Excluded(from.as_slice()), Bound::Included(to.as_slice()));
        if crosses(range.0, range.1) {
            return Ok(Vec::new());
        }
        let places = streams.range::<&[u8]>(range).map_err(|error| self.failed(error))?;
        let kept = places.map(|row| row.map(|(_, seq)| seq.value()).map_err(|error| self.failed(error)));
        // The newest place of a stream outlives its event.
        let kept = kept.filter(|seq| !matches!(seq, Ok(seq) if *seq <= self.trimmed.0));
        kept.take(limit).map(|seq| self.event(seq?)).collect()
    }

    fn streams(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, Error> {
        let places = self.read.open_table(STREAMS).map_err(|error| self.no_table(error))?;
        let mut from = after.map(|stream| event::place(stream, u64::MAX));
        let mut found = Vec::new();
        while found.len() < limit {
            let bound = from.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let range = places.range::<&[u8]>((bound, Bound::Unbounded));
            let next =
                range.and_then(|mut range| range.next().transpose()).map_err(|error| self.failed(error))?;
            let Some((place, _)) = next else { break };
            let stream = event::stream(place.value()).ok_or_else(|| Error::Damaged {
                what: "the index of streams".to_owned(),
                reason: "a key is cut short".to_owned(),
            })?;
            let (first, end) = (event::place(&stream, 0), event::place(&stream, u64::MAX));
            let range = places.range::<&[u8]>(first.as_slice()..=end.as_slice());
            let newest = range.and_then(|mut range| range.next_back().transpose());
            let newest = newest.map_err(|error| self.failed(error))?;
            found.push((stream, newest.map_or(0, |(place, _)| event::number(place.value()))));
            from = Some(end);
        }
        Ok(found)
    }
}
