//! Following the event log.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Error, Event, Seq, Store};

/// The most events that one [`Feed::next`] returns.
const BATCH: usize = 256;

/// A place in the event log that never skips an event. Commits wake it; nothing polls.
pub struct Feed {
    store: Arc<dyn Store>,
    head: watch::Receiver<Seq>,
    after: Seq,
    prefix: Option<String>,
}

impl Feed {
    pub(super) fn new(store: Arc<dyn Store>, after: Seq, prefix: Option<String>) -> Self {
        let head = store.head();
        Self { store, head, after, prefix }
    }

    /// Everything up to here was returned or did not match; a new feed from here goes on without a gap.
    pub fn position(&self) -> Seq {
        self.after
    }

    /// The next events, at least one and at most 256. Waits for a commit when there are none; dropping the
    /// future loses nothing. [`Error::Unavailable`] when the store is gone.
    pub async fn next(&mut self) -> Result<Vec<Event>, Error> {
        loop {
            // Marked as seen before the log is read, so a commit in between wakes the wait below.
            let head = *self.head.borrow_and_update();
            if self.after < head {
                let events = self.take()?;
                if !events.is_empty() {
                    return Ok(events);
                }
                // A long stretch of foreign events must not keep other tasks from running.
                tokio::task::yield_now().await;
                continue;
            }
            if self.head.changed().await.is_err() {
                return Err(Error::Unavailable("it was closed".to_owned()));
            }
        }
    }

    fn take(&mut self) -> Result<Vec<Event>, Error> {
        let mut events = self.store.snapshot()?.events(self.after, BATCH)?;
        if let Some(last) = events.last() {
            self.after = last.seq;
        }
        if let Some(prefix) = &self.prefix {
            events.retain(|event| event.stream.starts_with(prefix.as_str()));
        }
        Ok(events)
    }
}
