//! The backend: hands batches to the writer and gives views.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use ::redb::Database;
use async_trait::async_trait;
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot, watch};

use super::file::{self, Failure, Opener};
use super::view::View;
use super::writer::{Job, Writer};
use crate::store::{Batch, Error, Seq, Snapshot, Store};
use crate::time::Clock;

/// How to open a [`Redb`].
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Memory for pages of the file, in bytes. redb's own default would be 1 GiB.
    pub cache_bytes: usize,
    /// How many commits may wait for the writer; beyond it they answer [`Error::Busy`].
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: 32 << 20, queue: 4096 }
    }
}

/// The open file; `None` while it is closed because the disk is full.
pub(super) type Slot = Arc<RwLock<Option<Database>>>;

/// The backend. Dropping it writes what is queued and closes the file, which takes a flush or two.
pub struct Redb {
    name: String,
    database: Slot,
    head: watch::Sender<Seq>,
    // Both are taken at drop: first the queue ends, then the writer.
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl Redb {
    /// Opens the file, or makes a new one. The clock dates its events.
    ///
    /// [`Error::Locked`] when any process (this one too) has it open, [`Error::Newer`] when a newer release
    /// wrote it, [`Error::Damaged`] when it is no store.
    pub fn open(path: impl AsRef<Path>, options: Options, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let path = path.as_ref();
        let opener = file::opener(path, options.cache_bytes);
        Self::start(path.display().to_string(), &options, opener, clock)
    }

    pub(super) fn start(
        name: String,
        options: &Options,
        opener: Opener,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let (database, seq) = file::open(&opener, &name).map_err(Failure::into_error)?;
        let database: Slot = Arc::new(RwLock::new(Some(database)));
        let head = watch::Sender::new(seq);
        let (jobs, queue) = mpsc::channel(options.queue.max(1));
        let writer = Writer::new(name.clone(), opener, database.clone(), head.clone(), clock);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|error| Error::Unavailable(format!("its thread does not start: {error}")))?;
        Ok(Self { name, database, head, jobs: Some(jobs), writer: Some(thread) })
    }
}

#[async_trait]
impl Store for Redb {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        match &*self.database.read() {
            Some(database) => Ok(Box::new(View::new(database, &self.name).map_err(Failure::into_error)?)),
            None => Err(Error::Unavailable("it is closed until its disk has room again".to_owned())),
        }
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, Error> {
        batch.check_size()?;
        let stopped = || Error::Unavailable("its writer stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.try_send(Job { batch, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has answered its callers by dropping their replies.
            let _ = writer.join();
        }
    }
}
