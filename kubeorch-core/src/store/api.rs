//! What a backend must do.

use std::ops::Bound;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Error, History};

/// The number of an event in the store-wide log; gapless, from 1. Zero: nothing yet.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Seq(pub u64);

/// A named set of ordered keys. Names are part of the file format; those that begin with `!` are the
/// backend's own, those that begin with `_` the typed layer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub &'static str);

/// A backend. Cheap to share behind an `Arc`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A consistent view of one moment. It is not `Send`, so it cannot be held over an await of a spawned
    /// task: readers never pin old pages for long.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// Applies a batch whole or not at all, and answers after it is durable with the number of its last
    /// event (or of the newest event when it has none). Dropping the future does not take the batch back.
    async fn commit(&self, batch: Batch) -> Result<Seq, Error>;

    /// The number of the newest event; changes wake the waiter.
    fn head(&self) -> watch::Receiver<Seq>;

    /// How it does, for metrics and probes.
    fn health(&self) -> Health {
        Health::default()
    }
}

/// What a backend tells of itself. Counters count since it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Why nothing can be written at the moment; `None` when all is well. Reads may still work.
    pub refuses: Option<String>,
    /// Batches that were answered as durable.
    pub batches: u64,
    /// Flushes to the disk that those shared.
    pub commits: u64,
    /// Batches that wait for the writer.
    pub waiting: usize,
    /// How long the last flush took, with applying what it flushed.
    pub last_commit: Duration,
    /// Age of the oldest view that is still open: it pins old pages, and the file grows.
    pub oldest_view: Option<Duration>,
    /// Size of the file in bytes; zero for a store without one.
    pub file_bytes: u64,
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A consistent view.
pub trait Snapshot {
    /// One value.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// At most `limit` entries with keys in the range, in order, or from the end when `reverse`.
    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, Error>;

    /// How many keys the range holds.
    fn count(&self, table: Table, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Result<usize, Error>;

    /// The newest event that this view contains.
    fn seq(&self) -> Seq;

    /// The newest event that retention has removed; zero when the log is whole.
    fn trimmed(&self) -> Seq;

    /// The names of all tables that hold a row, but for the backend's own (`!`).
    fn tables(&self) -> Result<Vec<String>, Error>;

    /// Events of the log after `seq`, at most `limit`, in order. [`Error::Trimmed`] when some of them are
    /// gone: nobody skips an event without knowing.
    fn events(&self, after: Seq, limit: usize) -> Result<Vec<Event>, Error>;

    /// Events of one stream after its own number `after`, at most `limit`, in order. What was trimmed is left
    /// out; the numbers tell.
    fn stream(&self, stream: &str, after: u64, limit: usize) -> Result<Vec<Event>, Error>;

    /// The names of streams after this one in byte order, at most `limit`, and how far each has counted; trimmed events
    /// count.
    fn streams(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, Error>;
}

/// What one commit does. Preconditions are checked against the state that the writes then change.
///
/// At most [`Batch::MAX_BYTES`], else [`Error::TooLarge`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// All must hold, else nothing happens and [`Error::Conflict`] names the first that did not.
    pub expect: Vec<Expect>,
    /// In order; a later write to a key wins.
    pub writes: Vec<Write>,
    /// Appended to the log with consecutive numbers.
    pub events: Vec<NewEvent>,
    /// Removes the events up to this one, and never newer ones than were there before the batch. Numbers are
    /// never given again, also not within a stream.
    pub trim: Seq,
    /// Restores a part of another store's log. Refused as [`Error::Damaged`] where it does not continue this store's.
    pub history: Option<History>,
}

impl Batch {
    /// Limit of a batch in memory: one caller must not starve the others' group commit.
    pub const MAX_BYTES: usize = 64 << 20;

    /// Keys, values and payloads together.
    pub fn bytes(&self) -> usize {
        let value = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
        let expect: usize = self.expect.iter().map(|it| it.key.len() + value(&it.value)).sum();
        let writes: usize = self.writes.iter().map(|it| it.key.len() + value(&it.value)).sum();
        let events: usize =
            self.events.iter().map(|it| it.stream.len() + it.kind.len() + it.payload.len()).sum();
        expect + writes + events + self.history.as_ref().map_or(0, History::bytes)
    }

    /// Whether it makes the store smaller: it removes rows or events, at least as many rows as it writes, and what it
    /// writes is small. Such a batch is taken where others would fill the disk.
    pub fn removes(&self) -> bool {
        let (put, gone): (Vec<_>, Vec<_>) = self.writes.iter().partition(|it| it.value.is_some());
        let put_bytes: usize =
            put.iter().map(|it| it.key.len() + it.value.as_ref().map_or(0, Vec::len)).sum();
        let told: usize =
            self.events.iter().map(|it| it.stream.len() + it.kind.len() + it.payload.len()).sum();
        let removes = !gone.is_empty() || self.trim > Seq::default();
        removes && put.len() <= gone.len() && put_bytes + told <= Self::SMALL && self.history.is_none()
    }

    /// What a batch that [removes](Self::removes) may write: some records that say what went.
    const SMALL: usize = 64 << 10;

    /// Refuses what is over the limit.
    pub fn check_size(&self) -> Result<(), Error> {
        let bytes = self.bytes();
        if bytes > Self::MAX_BYTES { Err(Error::TooLarge { bytes, limit: Self::MAX_BYTES }) } else { Ok(()) }
    }
}

/// A precondition: the key holds exactly this (or nothing).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Where.
    pub table: Table,
    /// Which key.
    pub key: Vec<u8>,
    /// The value, or `None` for absent.
    pub value: Option<Vec<u8>>,
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub table: Table,
    /// Which key.
    pub key: Vec<u8>,
    /// The new value, or `None` to remove it.
    pub value: Option<Vec<u8>>,
}

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What it is about: `workflow:<id>`, `run:<id>`, …
    pub stream: String,
    /// What happened.
    pub kind: String,
    /// JSON.
    pub payload: Vec<u8>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number in the whole store.
    pub seq: Seq,
    /// Its number in its stream; gapless, from 1.
    pub stream_seq: u64,
    /// When it was committed, Unix milliseconds.
    pub at: i64,
    /// What it is about.
    pub stream: String,
    /// What happened.
    pub kind: String,
    /// JSON.
    pub payload: Vec<u8>,
}
