//! The backend: hands batches to the writer and gives views.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use ::redb::{Database, ReadTransaction, ReadableDatabase};
use async_trait::async_trait;
use parking_lot::RwLock;
use tokio::sync::{oneshot, watch};

use super::file::{self, Facts, Failure};
use super::group::Counts;
use super::medium::{self, Medium};
use super::meter::{Meter, Open};
use super::view::View;
use super::writer::{Job, Message, Writer};
use crate::store::{Batch, Error, Health, Seq, Snapshot, Store};
use crate::time::{Clock, Time};

/// How to open a [`Redb`].
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Memory for pages of the file, in bytes. redb's own default would be 1 GiB.
    pub cache_bytes: usize,
    /// How many commits may wait for the writer; beyond it they answer [`Error::Busy`].
    pub queue: usize,
    /// How many bytes may wait for the writer; beyond it commits answer [`Error::Busy`].
    pub queue_bytes: usize,
    /// What a commit costs and what a crash costs.
    pub durability: Durability,
    /// Free bytes on the disk below which nothing is written ([`Error::Full`]) but what [removes](Batch::removes); that
    /// stops below an eighth of it. Twice the bytes of what is about to be written must be free too.
    pub reserve_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 32 << 20,
            queue: 4096,
            queue_bytes: 256 << 20,
            durability: Durability::Safe,
            reserve_bytes: 256 << 20,
        }
    }
}

/// What a commit costs and what a crash costs. With either, what was answered is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Two flushes a commit. After a crash the file opens at once, whatever its size, also when a crash hits the
    /// recovery from a crash.
    #[default]
    Safe,
    /// One flush a commit. After a crash the whole file is read when it is opened: about a second per GiB. A bit that
    /// changed in the very last commit before the crash then looks like a flush that was cut short, and undoes that commit.
    Fast,
}

/// The open file; `None` while it is closed because its disk failed.
pub(super) type Slot = Arc<RwLock<Option<Database>>>;

/// The backend. Dropping it writes what is queued and closes the file, which takes a flush or two.
pub struct Redb {
    name: String,
    database: Slot,
    meter: Arc<Meter>,
    queue_bytes: usize,
    clock: Arc<dyn Clock>,
    file: Option<std::path::PathBuf>,
    head: watch::Sender<Seq>,
    // Both are taken at drop: first the queue ends, then the writer.
    queue: Option<SyncSender<Message>>,
    writer: Option<JoinHandle<()>>,
}

impl Redb {
    /// Opens the file, or makes a new one; a file of an older format is converted, and the old one kept beside it. The
    /// clock dates its events.
    ///
    /// [`Error::Locked`] when any process (this one too) has it open, [`Error::Newer`] when a newer release
    /// wrote it, [`Error::Damaged`] when it is no store, [`Error::Reserve`] when the disk is smaller than the reserve.
    pub fn open(path: impl AsRef<Path>, options: Options, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        if let Some(disk) = medium::disk(path).filter(|disk| *disk < options.reserve_bytes) {
            return Err(Error::Reserve { reserve: options.reserve_bytes, disk });
        }
        medium::make(path, &options, &name).map_err(Failure::into_error)?;
        let mut store = Self::start(&name, Medium::file(path), options, clock)?;
        store.file = Some(path.to_owned());
        Ok(store)
    }

    /// Opens a store on something that is no file: a simulated disk.
    #[cfg(any(test, feature = "test-util"))]
    pub fn open_on(
        name: &str,
        medium: Medium,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        Self::start(name, medium, options, clock)
    }

    fn start(name: &str, medium: Medium, options: Options, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let name = name.to_owned();
        let (database, facts) = medium::open(&medium, &options, &name).map_err(Failure::into_error)?;
        let database: Slot = Arc::new(RwLock::new(Some(database)));
        let head = watch::Sender::new(facts.head);
        let meter = Arc::new(Meter::default());
        let (queue, messages) = sync_channel(options.queue.max(1));
        let writer = Writer {
            name: name.clone(),
            medium,
            options,
            database: database.clone(),
            facts,
            head: head.clone(),
            clock: clock.clone(),
            meter: meter.clone(),
            broken: None,
            reads: false,
            counts: Counts::default(),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&messages))
            .map_err(|error| Error::Unavailable(format!("its thread does not start: {error}")))?;
        let (queue, writer, queue_bytes) = (Some(queue), Some(thread), options.queue_bytes);
        Ok(Self { name, database, meter, queue_bytes, clock, file: None, head, queue, writer })
    }

    /// A view for a copy of everything, with the facts of its moment; it counts as an open view.
    pub(super) fn read(&self) -> Result<(ReadTransaction, Facts, Open), Failure> {
        let database = self.database.read();
        let Some(database) = &*database else { return Err(Failure::Broken("it is closed".to_owned())) };
        let read = database.begin_read().map_err(|error| file::transaction(error, &self.name))?;
        let facts = file::facts_of(&read, &self.name)?;
        Ok((read, facts, self.meter.view()))
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Asks the writer to look at the disk; it does not matter when the queue is full, for then it writes anyway.
    pub(super) fn complain(&self) {
        if let Some(queue) = self.queue.as_ref().filter(|_| self.meter.complain())
            && queue.try_send(Message::Look).is_err()
        {
            self.meter.looked();
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait]
impl Store for Redb {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let view = match &*self.database.read() {
            Some(database) => View::new(database, self, self.meter.view()),
            None => Err(Failure::Broken("it is closed until its disk answers again".to_owned())),
        };
        if view.is_err() {
            self.complain();
        }
        Ok(Box::new(view.map_err(Failure::into_error)?))
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, Error> {
        batch.check_size()?;
        let stopped = || Error::Unavailable("its writer stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        let bytes = batch.bytes();
        if !self.meter.enqueue(bytes, self.queue_bytes) {
            return Err(Error::Busy);
        }
        queue.try_send(Message::Commit(Job { batch, reply })).map_err(|error| {
            self.meter.took(1, bytes);
            match error {
                TrySendError::Full(_) => Error::Busy,
                TrySendError::Disconnected(_) => stopped(),
            }
        })?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    fn health(&self) -> Health {
        let file = self.file.as_ref().and_then(|path| path.metadata().ok());
        self.meter.health(file.map_or(0, |file| file.len()))
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has answered its callers by dropping their replies.
            let _ = writer.join();
        }
    }
}
