//! The one thread that writes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use ::redb::{ReadableTable, Table as Rows, WriteTransaction};
use tokio::sync::{mpsc, oneshot, watch};

use super::event;
use super::file::{self, EVENTS, Failure, Opener, STREAMS};
use super::store::Slot;
use crate::store::{Batch, Error, Expect, NewEvent, Seq, Table};
use crate::time::Clock;

/// Limits of one group, so that no caller waits for a flush of everybody's bulk load.
const GROUP_JOBS: usize = 4096;
const GROUP_BYTES: usize = 4 << 20;

/// A batch and who waits for it.
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<Seq, Error>>,
}

type Answers = Vec<Result<Seq, Error>>;

pub(super) struct Writer {
    name: String,
    opener: Opener,
    database: Slot,
    head: watch::Sender<Seq>,
    clock: Arc<dyn Clock>,
    /// Why nothing is written any more: after a failed flush nobody knows what the disk holds.
    broken: Option<String>,
}

impl Writer {
    pub(super) fn new(
        name: String,
        opener: Opener,
        database: Slot,
        head: watch::Sender<Seq>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { name, opener, database, head, clock, broken: None }
    }

    /// Until the queue is closed and empty; then closes the file.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut bytes = first.batch.bytes();
            let mut group = vec![first];
            while group.len() < GROUP_JOBS && bytes < GROUP_BYTES {
                let Ok(job) = queue.try_recv() else { break };
                bytes += job.batch.bytes();
                group.push(job);
            }
            self.serve(group);
        }
        *self.database.write() = None;
    }

    fn serve(&mut self, group: Vec<Job>) {
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.batch, job.reply)).unzip();
        let answers = match self.commit(&batches) {
            Ok((answers, head)) => {
                self.head.send_if_modified(|seen| std::mem::replace(seen, head) != head);
                answers
            }
            Err(failure) => {
                let answers = batches.iter().map(|_| Err(failure.answer())).collect();
                self.recover(failure);
                answers
            }
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A caller that went away does not want its answer.
            let _ = reply.send(answer);
        }
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<(Answers, Seq), Failure> {
        if let Some(reason) = &self.broken {
            return Err(Failure::Broken(reason.clone()));
        }
        if self.database.read().is_none() {
            self.reopen()?;
        }
        let database = self.database.read();
        let Some(database) = &*database else { return Err(Failure::Full) };
        let write = file::begin(database, &self.name)?;
        let mut group = Group::new(&write, &self.name, self.clock.now().as_millis())?;
        let answers: Answers = batches.iter().map(|batch| group.apply(batch)).collect::<Result<_, _>>()?;
        let (changed, head) = (group.changed, group.last);
        drop(group);
        // Conflicts wait for the flush too: their callers must see what they lost against.
        if changed {
            write.commit().map_err(|error| file::commit(error, &self.name))?;
        }
        Ok((answers, head))
    }

    /// redb refuses everything after a failed write, so a file that met a full disk is closed and opened
    /// again: at once for the readers, and before each further commit until it works.
    fn recover(&mut self, failure: Failure) {
        tracing::error!(store = self.name, ?failure, "a commit failed");
        match failure {
            Failure::Full => {
                *self.database.write() = None;
                if let Err(failure) = self.reopen() {
                    tracing::error!(store = self.name, ?failure, "the store stays closed for now");
                }
            }
            Failure::Broken(reason) => self.broken = Some(reason),
            Failure::Refused(error) => self.broken = Some(error.to_string()),
        }
    }

    fn reopen(&mut self) -> Result<(), Failure> {
        let (database, head) = file::open(&self.opener, &self.name)?;
        self.head.send_if_modified(|seen| std::mem::replace(seen, head) != head);
        *self.database.write() = Some(database);
        Ok(())
    }
}

impl Failure {
    /// One copy of the failure for each caller of the group.
    fn answer(&self) -> Error {
        match self {
            Self::Full => Error::Full,
            Self::Broken(reason) => Error::Unavailable(reason.clone()),
            Self::Refused(error) => Error::Unavailable(error.to_string()),
        }
    }
}

/// The transaction of one group. Each batch is judged against what its predecessors left, before it
/// writes anything, so one that is refused leaves no trace.
struct Group<'txn> {
    write: &'txn WriteTransaction,
    name: &'txn str,
    at: i64,
    open: BTreeMap<Table, Rows<'txn, &'static [u8], &'static [u8]>>,
    events: Rows<'txn, u64, &'static [u8]>,
    streams: Rows<'txn, &'static [u8], u64>,
    last: Seq,
    changed: bool,
}

impl<'txn> Group<'txn> {
    fn new(write: &'txn WriteTransaction, name: &'txn str, at: i64) -> Result<Self, Failure> {
        let events = write.open_table(EVENTS).map_err(|error| file::table(error, name))?;
        let streams = write.open_table(STREAMS).map_err(|error| file::table(error, name))?;
        let last = events.last().map_err(|error| file::storage(error, name))?;
        let last = Seq(last.map_or(0, |(seq, _)| seq.value()));
        Ok(Self { write, name, at, open: BTreeMap::new(), events, streams, last, changed: false })
    }

    fn apply(&mut self, batch: &Batch) -> Result<Result<Seq, Error>, Failure> {
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
        for event in &batch.events {
            self.append(event)?;
        }
        self.changed |= !batch.writes.is_empty() || !batch.events.is_empty();
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
}
