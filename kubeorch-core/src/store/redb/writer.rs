//! The one thread that writes, and what it does when the disk fails.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ::redb::{Database, ReadableTable};
use tokio::sync::{oneshot, watch};

use super::file::{self, Facts, Failure};
use super::group::{Counts, Group};
use super::medium::{self, Medium};
use super::meter::Meter;
use super::store::Slot;
use super::{Durability, Options};
use crate::store::{Batch, Error, Seq};
use crate::time::Clock;

/// Limits of one group, so that no caller waits for a flush of everybody's bulk load.
const GROUP_JOBS: usize = 4096;
const GROUP_BYTES: usize = 4 << 20;
/// How long the writer waits for work while the disk is broken before it looks at the disk again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Removals leave this part of the reserve.
const LAST: u64 = 8;

/// How many batches of a group may fail on their own before the rest of it is told to try again.
const ALONE: usize = 8;

/// A batch and who waits for it.
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<Seq, Error>>,
}

/// What comes through the queue.
pub(super) enum Message {
    Commit(Job),
    /// A reader met a failing disk: look whether the file can be opened again.
    Look,
}

type Answers = Vec<Result<Seq, Error>>;

pub(super) struct Writer {
    pub(super) name: String,
    pub(super) medium: Medium,
    pub(super) options: Options,
    pub(super) database: Slot,
    pub(super) facts: Facts,
    pub(super) head: watch::Sender<Seq>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) meter: Arc<Meter>,
    /// Why nothing is written: after a failed flush nobody knows what the disk holds, until a flush succeeds.
    pub(super) broken: Option<Failure>,
    /// Whether the file is open for readers alone, because the disk takes no writes.
    pub(super) reads: bool,
    pub(super) counts: Counts,
}

/// A group that was written and, if `facts` says so, flushed.
struct Done {
    answers: Answers,
    facts: Option<Facts>,
}

impl Writer {
    /// Until the queue is closed and empty; then closes the file.
    pub(super) fn run(mut self, queue: &Receiver<Message>) {
        loop {
            let message = if self.broken.is_some() { queue.recv_timeout(LOOK_AGAIN) } else { wait(queue) };
            match message {
                Ok(Message::Commit(first)) => {
                    let looks = self.gather(first, queue);
                    if looks {
                        self.look();
                    }
                }
                Ok(Message::Look) | Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        *self.database.write() = None;
    }

    /// Serves a batch with everything that came while the last flush ran; tells whether a reader complained.
    fn gather(&mut self, first: Job, queue: &Receiver<Message>) -> bool {
        let mut looks = false;
        let mut bytes = first.batch.bytes();
        let mut group = vec![first];
        while group.len() < GROUP_JOBS && bytes < GROUP_BYTES {
            match queue.try_recv() {
                Ok(Message::Commit(job)) => {
                    bytes += job.batch.bytes();
                    group.push(job);
                }
                Ok(Message::Look) => looks = true,
                Err(_) => break,
            }
        }
        self.serve(group, bytes);
        looks
    }

    fn serve(&mut self, group: Vec<Job>, bytes: usize) {
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.batch, job.reply)).unzip();
        self.meter.took(batches.len(), bytes);
        let answers = self.answers(&batches, bytes);
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A caller that went away does not want its answer.
            let _ = reply.send(answer);
        }
    }

    fn answers(&mut self, batches: &[Batch], bytes: usize) -> Answers {
        let all = |error: &dyn Fn() -> Error| batches.iter().map(|_| Err(error())).collect();
        if self.broken.is_some() {
            self.recover();
        }
        if let Some(failure) = &self.broken {
            return all(&|| failure.refusal());
        }
        match self.room(bytes, self.options.reserve_bytes) {
            Ok(()) => self.written(batches),
            Err(Failure::Full) => self.removals(batches),
            Err(failure) => all(&|| failure.refusal()),
        }
    }

    /// On a disk that is nearly full: what makes the store smaller may use most of the reserve, so that removing is a way
    /// out. A removal needs some room as well, for nothing is changed in place.
    fn removals(&mut self, batches: &[Batch]) -> Answers {
        let some: Vec<Batch> = batches.iter().filter(|batch| batch.removes()).cloned().collect();
        let bytes = some.iter().map(Batch::bytes).sum();
        let room = self.room(bytes, self.options.reserve_bytes / LAST);
        let mut answers = match room {
            Ok(()) if !some.is_empty() => self.written(&some),
            Ok(()) => Vec::new(),
            Err(failure) => some.iter().map(|_| Err(failure.refusal())).collect(),
        }
        .into_iter();
        let answer = |batch: &Batch| batch.removes().then(|| answers.next()).flatten();
        batches.iter().map(answer).map(|answer| answer.unwrap_or(Err(Error::Full))).collect()
    }

    fn written(&mut self, batches: &[Batch]) -> Answers {
        let began = Instant::now();
        let mut done = Done { answers: Vec::new(), facts: None };
        match self.commit(batches, &mut done) {
            Ok(()) => {
                self.meter.flushed(batches.len(), began.elapsed());
                self.moved(done.facts.unwrap_or(self.facts));
                done.answers
            }
            Err(failure) => self.after(failure, done, batches),
        }
    }

    /// Refuses before anything is written, so that a full disk costs no reopening and reads go on.
    fn room(&self, bytes: usize, reserve: u64) -> Result<(), Failure> {
        let wanted = reserve.max(2 * bytes as u64);
        match (self.medium.free)() {
            Ok(free) if free >= wanted => Ok(()),
            Ok(_) => Err(Failure::Full),
            Err(error) => Err(Failure::Broken(format!("its disk does not tell its free space: {error}"))),
        }
    }

    fn commit(&mut self, batches: &[Batch], done: &mut Done) -> Result<(), Failure> {
        let at = self.clock.now().as_millis();
        let database = self.database.read();
        let Some(database) = &*database else { return Err(Failure::Broken("it is closed".to_owned())) };
        let write = file::begin(database, &self.name, self.options.durability)?;
        let mut group = Group::new(&write, &self.name, at, self.facts, &mut self.counts);
        let answers = batches.iter().map(|batch| group.apply(batch)).collect::<Result<_, _>>()?;
        *done = Done { answers, facts: group.finish()? };
        // Conflicts wait for the flush too: their callers must see what they lost against.
        if done.facts.is_some() {
            write.commit().map_err(|error| file::commit(error, &self.name))?;
        }
        Ok(())
    }

    /// A commit failed. When the file opens again and a flush succeeds, what it holds decides: the number of the
    /// commit is there or is not. Else nobody knows.
    fn after(&mut self, failure: Failure, done: Done, batches: &[Batch]) -> Answers {
        tracing::error!(store = self.name, ?failure, "a commit failed");
        let wanted = done.facts;
        self.broken = Some(failure.clone());
        self.recover();
        let kept = wanted.is_some_and(|wanted| wanted.commit == self.facts.commit);
        match (&self.broken, wanted) {
            (None, _) if kept => done.answers,
            // The disk works, so one of them met a part of the file that does not read; the others need not suffer.
            (None, None) if batches.len() > 1 && !matches!(failure, Failure::Full) => self.alone(batches),
            (Some(reason), Some(_)) if self.database.read().is_none() || kept => {
                let reason = reason.to_string();
                batches.iter().map(|_| Err(Error::Unknown(reason.clone()))).collect()
            }
            (broken, _) => {
                let works = broken.is_none();
                let refuse = |_| Err(if works { failure.cause() } else { failure.refusal() });
                batches.iter().map(refuse).collect()
            }
        }
    }

    /// Serves the batches of a group that failed one by one. Each that fails again costs an opening of the file, so
    /// after a few of them the rest is refused.
    fn alone(&mut self, batches: &[Batch]) -> Answers {
        let mut failures = 0;
        let serve = |batch| {
            if failures == ALONE {
                return vec![Err(Error::Busy)];
            }
            let answers = self.answers(std::slice::from_ref(batch), batch.bytes());
            let failed = |it: &Result<_, _>| matches!(it, Err(Error::ReadOnly(_) | Error::Damaged { .. }));
            failures += answers.iter().filter(|answer| failed(answer)).count();
            answers
        };
        batches.iter().flat_map(serve).collect()
    }

    /// A look at the disk without a batch to write.
    fn look(&mut self) {
        self.meter.looked();
        // Reading proves nothing: the cache may answer. A transaction does not begin after any call that failed.
        let begins = |database: &Database| file::begin(database, &self.name, Durability::Safe).is_ok();
        let alive = self.database.read().as_ref().is_some_and(begins);
        if alive && self.broken.is_none() {
            return;
        }
        self.reads &= alive;
        self.broken.get_or_insert_with(|| Failure::Broken("a read failed".to_owned()));
        self.recover();
    }

    /// redb refuses everything after a failed read or write, so the file is closed and opened again; a flush of its
    /// own proves that the disk takes writes. Until both succeed the file is open for readers alone, and it is tried
    /// again before each further commit and once a second.
    fn recover(&mut self) {
        if self.reads
            && let Err(error) = medium::probe(&self.medium)
        {
            // Readers keep what they have.
            self.broken = Some(file::storage(error.into(), &self.name));
            self.meter.refuses(self.broken.as_ref().map(ToString::to_string));
            return;
        }
        self.counts.clear();
        let slot = Arc::clone(&self.database);
        // Views that begin now wait instead of finding nothing.
        let mut slot = slot.write();
        *slot = None;
        (self.reads, self.broken) = (false, None);
        let opened = self.proved().or_else(|failure| {
            tracing::error!(store = self.name, ?failure, "the store does not write");
            self.broken = Some(failure);
            self.reads = true;
            medium::open_to_read(&self.medium, &self.options, &self.name)
        });
        match opened {
            Ok((database, facts)) => {
                *slot = Some(database);
                self.moved(facts);
            }
            Err(failure) => {
                tracing::error!(store = self.name, ?failure, "the store stays closed for now");
                self.reads = false;
            }
        }
        if self.broken.is_none() {
            tracing::info!(store = self.name, "the store writes again");
        }
        self.meter.refuses(self.broken.as_ref().map(ToString::to_string));
    }

    fn proved(&self) -> Result<(Database, Facts), Failure> {
        let (database, facts) = medium::open(&self.medium, &self.options, &self.name)?;
        prove(&database, &self.name)?;
        Ok((database, facts))
    }

    fn moved(&mut self, facts: Facts) {
        self.facts = facts;
        self.head.send_if_modified(|seen| std::mem::replace(seen, facts.head) != facts.head);
    }
}

fn wait(queue: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
    queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
}

/// Writes and flushes something that means nothing.
fn prove(database: &Database, name: &str) -> Result<(), Failure> {
    let write = file::begin(database, name, Durability::Safe)?;
    {
        let mut meta = write.open_table(file::META).map_err(|error| file::table(error, name))?;
        let times = meta.get(file::PROVED_KEY).map_err(|error| file::storage(error, name))?;
        let times = times.map_or(0, |times| times.value());
        meta.insert(file::PROVED_KEY, times + 1).map_err(|error| file::storage(error, name))?;
    }
    write.commit().map_err(|error| file::commit(error, name))
}

impl Failure {
    /// For a caller whose batch was not written by a store that writes others.
    fn cause(&self) -> Error {
        match self {
            Self::Refused(error) => error.clone(),
            _ => self.refusal(),
        }
    }

    /// For a caller whose batch was not written.
    fn refusal(&self) -> Error {
        match self {
            Self::Full => Error::Full,
            Self::Broken(reason) => Error::ReadOnly(reason.clone()),
            Self::Refused(error) => Error::ReadOnly(error.to_string()),
        }
    }
}
