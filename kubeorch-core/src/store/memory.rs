//! A store in memory: for tests, demos and embedders that keep nothing.
//!
//! A view shares the tables; a commit while a view lives copies the tables that it changes.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::{Batch, Error, Event, History, NewEvent, Row, Seq, Snapshot, Store, Table};
use crate::time::Clock;

type Rows = Arc<BTreeMap<Vec<u8>, Vec<u8>>>;

/// The backend.
pub struct Memory {
    clock: Arc<dyn Clock>,
    tables: RwLock<Arc<BTreeMap<Table, Rows>>>,
    log: Arc<Mutex<Log>>,
    head: watch::Sender<Seq>,
}

/// Grows at its end and is trimmed at its start, so a view needs no copy: it stops at its own number.
#[derive(Default)]
struct Log {
    /// From `trimmed + 1` on, without a gap.
    events: VecDeque<Event>,
    trimmed: Seq,
    streams: BTreeMap<String, Stream>,
}

/// The events of one stream that are left, by their numbers in the log, and how many it ever had.
#[derive(Default)]
struct Stream {
    seqs: VecDeque<u64>,
    count: u64,
}

impl Memory {
    /// An empty store; the clock dates its events.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            tables: RwLock::default(),
            log: Arc::default(),
            head: watch::Sender::new(Seq::default()),
        }
    }
}

#[cfg(test)]
impl Memory {
    /// Replaces the log by one that no commit would write.
    pub(super) fn forge(&self, log: &[(&str, u64)]) {
        let mut forged = Log::default();
        for (seq, (stream, stream_seq)) in (1..).zip(log) {
            let places = forged.streams.entry((*stream).to_owned()).or_default();
            places.seqs.push_back(seq);
            places.count = (places.seqs.len() as u64).max(*stream_seq);
            let (stream, kind, payload) = ((*stream).to_owned(), "forged".to_owned(), b"{}".to_vec());
            forged.events.push_back(Event {
                seq: Seq(seq),
                stream_seq: *stream_seq,
                at: 0,
                stream,
                kind,
                payload,
            });
        }
        *self.log.lock() = forged;
    }
}

#[async_trait]
impl Store for Memory {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        // A commit holds this lock until its events are in the log, so both belong to one moment.
        let tables = self.tables.read();
        let log = self.log.lock();
        let (seq, trimmed) = (log.seq(), log.trimmed);
        Ok(Box::new(View { tables: tables.clone(), log: self.log.clone(), seq, trimmed }))
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, Error> {
        batch.check_size()?;
        let mut tables = self.tables.write();
        for expect in &batch.expect {
            let found = tables.get(&expect.table).and_then(|rows| rows.get(&expect.key));
            if found != expect.value.as_ref() {
                return Err(Error::Conflict { table: expect.table.0, key: expect.key.clone() });
            }
        }
        if let Some(history) = &batch.history {
            let log = self.log.lock();
            let newest = |stream: &str| Ok(log.streams.get(stream).map_or(0, |stream| stream.count));
            history.check(log.trimmed, log.seq(), newest)??;
        }
        for write in batch.writes {
            let rows = Arc::make_mut(Arc::make_mut(&mut tables).entry(write.table).or_default());
            match write.value {
                Some(value) => rows.insert(write.key, value),
                None => rows.remove(&write.key),
            };
        }
        let at = self.clock.now().as_millis();
        let mut log = self.log.lock();
        log.trim(batch.trim);
        if let Some(history) = batch.history {
            log.restore(history);
        }
        for event in batch.events {
            log.push(event, at);
        }
        // Sent under the lock: the head never goes backwards.
        let seq = log.seq();
        self.head.send_if_modified(|head| std::mem::replace(head, seq) != seq);
        Ok(seq)
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }
}

impl Log {
    fn seq(&self) -> Seq {
        Seq(self.trimmed.0 + self.events.len() as u64)
    }

    fn push(&mut self, event: NewEvent, at: i64) {
        let NewEvent { stream, kind, payload } = event;
        let seq = Seq(self.seq().0 + 1);
        let places = self.streams.entry(stream.clone()).or_default();
        places.count += 1;
        places.seqs.push_back(seq.0);
        let stream_seq = places.count;
        self.events.push_back(Event { seq, stream_seq, at, stream, kind, payload });
    }

    /// A part that was checked.
    fn restore(&mut self, history: History) {
        self.trimmed = history.trimmed;
        for (stream, count) in history.streams {
            self.streams.insert(stream, Stream { seqs: VecDeque::new(), count });
        }
        for event in history.events {
            let places = self.streams.entry(event.stream.clone()).or_default();
            places.seqs.push_back(event.seq.0);
            places.count = event.stream_seq;
            self.events.push_back(event);
        }
    }

    fn trim(&mut self, upto: Seq) {
        while self.trimmed < upto
            && let Some(event) = self.events.pop_front()
        {
            self.trimmed = event.seq;
            if let Some(stream) = self.streams.get_mut(&event.stream) {
                stream.seqs.pop_front();
            }
        }
    }

    /// The events after a number, which must not be trimmed.
    fn after(&self, seq: u64) -> impl Iterator<Item = &Event> {
        let skip = usize::try_from(seq.saturating_sub(self.trimmed.0)).unwrap_or(usize::MAX);
        self.events.iter().skip(skip)
    }
}

struct View {
    tables: Arc<BTreeMap<Table, Rows>>,
    log: Arc<Mutex<Log>>,
    seq: Seq,
    trimmed: Seq,
}

impl Snapshot for View {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tables.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let Some(rows) = self.tables.get(&table).filter(|_| !crosses(from, to)) else {
            return Ok(Vec::new());
        };
        let range = rows.range::<[u8], _>((from, to)).map(|(key, value)| (key.clone(), value.clone()));
        Ok(if reverse { range.rev().take(limit).collect() } else { range.take(limit).collect() })
    }

    fn count(&self, table: Table, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Result<usize, Error> {
        let rows = self.tables.get(&table).filter(|_| !crosses(from, to));
        Ok(rows.map_or(0, |rows| rows.range::<[u8], _>((from, to)).count()))
    }

    fn seq(&self) -> Seq {
        self.seq
    }

    fn trimmed(&self) -> Seq {
        self.trimmed
    }

    fn tables(&self) -> Result<Vec<String>, Error> {
        let held = self.tables.iter().filter(|(_, rows)| !rows.is_empty());
        Ok(held.map(|(table, _)| table.0.to_owned()).collect())
    }

    fn events(&self, after: Seq, limit: usize) -> Result<Vec<Event>, Error> {
        let log = self.log.lock();
        // The log is shared: it may have been trimmed further than this view says.
        if after < log.trimmed && after < self.seq {
            return Err(Error::Trimmed { upto: log.trimmed });
        }
        let mine = log.after(after.0).take_while(|event| event.seq <= self.seq);
        Ok(mine.take(limit).cloned().collect())
    }

    fn stream(&self, stream: &str, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let log = self.log.lock();
        let Some(stream) = log.streams.get(stream) else { return Ok(Vec::new()) };
        let gone = stream.count - stream.seqs.len() as u64;
        let skip = usize::try_from(after.saturating_sub(gone)).unwrap_or(usize::MAX);
        let seqs = stream.seqs.iter().skip(skip).take(limit);
        let events = seqs.filter_map(|&seq| log.after(seq - 1).next());
        Ok(events.take_while(|event| event.seq <= self.seq).cloned().collect())
    }

    fn streams(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, Error> {
        let log = self.log.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let streams = log.streams.range::<str, _>((from, Bound::Unbounded)).map(|(name, stream)| {
            // The log is shared: later events do not count.
            let later = stream.seqs.iter().rev().take_while(|seq| **seq > self.seq.0).count();
            (name.clone(), stream.count - later as u64)
        });
        Ok(streams.filter(|(_, count)| *count > 0).take(limit).collect())
    }
}

/// Bounds between which no key can lie; a `BTreeMap` panics on some of them.
pub(super) fn crosses(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
        _ => false,
    }
}
