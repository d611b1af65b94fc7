//! What a store tells of itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::store::Health;

/// Counts; shared by the handle, the writer and the open views.
#[derive(Debug, Default)]
pub(super) struct Meter {
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    batches: AtomicU64,
    commits: AtomicU64,
    last_commit_micros: AtomicU64,
    refuses: Mutex<Option<String>>,
    complaint: AtomicBool,
    views: Mutex<Views>,
}

#[derive(Debug, Default)]
struct Views {
    next: u64,
    open: BTreeMap<u64, Instant>,
}

impl Meter {
    /// Counts a batch into the queue, unless that would hold more bytes than the limit. One batch always fits.
    pub(super) fn enqueue(&self, bytes: usize, limit: usize) -> bool {
        let before = self.waiting_bytes.fetch_add(bytes, Relaxed);
        if before > 0 && before + bytes > limit {
            self.waiting_bytes.fetch_sub(bytes, Relaxed);
            return false;
        }
        self.waiting.fetch_add(1, Relaxed);
        true
    }

    /// Counts batches out of the queue.
    pub(super) fn took(&self, batches: usize, bytes: usize) {
        self.waiting.fetch_sub(batches, Relaxed);
        self.waiting_bytes.fetch_sub(bytes, Relaxed);
    }

    pub(super) fn flushed(&self, batches: usize, took: Duration) {
        self.batches.fetch_add(batches as u64, Relaxed);
        self.commits.fetch_add(1, Relaxed);
        self.last_commit_micros.store(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn refuses(&self, reason: Option<String>) {
        *self.refuses.lock() = reason;
    }

    /// Notes that a reader met a failing disk; tells whether the writer has yet to be asked to look.
    pub(super) fn complain(&self) -> bool {
        !self.complaint.swap(true, Relaxed)
    }

    /// The writer looks.
    pub(super) fn looked(&self) {
        self.complaint.store(false, Relaxed);
    }

    pub(super) fn view(self: &Arc<Self>) -> Open {
        let mut views = self.views.lock();
        let number = views.next;
        views.next += 1;
        views.open.insert(number, Instant::now());
        Open { meter: Arc::clone(self), number }
    }

    pub(super) fn health(&self, file_bytes: u64) -> Health {
        // Numbers rise with time, so the first is the oldest.
        let oldest = self.views.lock().open.first_key_value().map(|(_, since)| since.elapsed());
        Health {
            refuses: self.refuses.lock().clone(),
            batches: self.batches.load(Relaxed),
            commits: self.commits.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
            last_commit: Duration::from_micros(self.last_commit_micros.load(Relaxed)),
            oldest_view: oldest,
            file_bytes,
        }
    }
}

/// A view that is open.
pub(super) struct Open {
    meter: Arc<Meter>,
    number: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.meter.views.lock().open.remove(&self.number);
    }
}
