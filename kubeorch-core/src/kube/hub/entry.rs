//! One running watch and its readers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::set::{Changes, Set};
use super::shared::{Inner, Slot};
use crate::kube::{Cluster, Error, Scope};
use crate::time::Clock;

/// The watch of one slot.
pub(super) struct Entry {
    pub(super) slot: Slot,
    pub(super) set: Mutex<Set>,
    readers: Mutex<HashMap<u64, Arc<Reader>>>,
    /// How many readers there are.
    count: watch::Sender<usize>,
}

/// What one reader has not seen.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) unseen: Mutex<Changes>,
    pub(super) wake: Notify,
}

impl Entry {
    pub(super) fn new(slot: Slot, objects: usize) -> Self {
        Self {
            set: Mutex::new(Set::new(slot.scope.kind.clone(), objects)),
            slot,
            readers: Mutex::default(),
            count: watch::channel(0).0,
        }
    }

    /// Only under the hub's lock, so that a watch cannot be retired meanwhile.
    pub(super) fn join(&self, id: u64) -> Arc<Reader> {
        let reader = Arc::new(Reader::default());
        let mut readers = self.readers.lock();
        readers.insert(id, reader.clone());
        self.count.send_replace(readers.len());
        reader
    }

    pub(super) fn leave(&self, id: u64) {
        let mut readers = self.readers.lock();
        readers.remove(&id);
        self.count.send_replace(readers.len());
    }

    pub(super) fn unused(&self) -> bool {
        *self.count.borrow() == 0
    }

    /// Takes an item in and wakes the readers; says whether the watch is over.
    pub(super) fn take(&self, item: Result<crate::kube::Event, Error>) -> bool {
        let mut set = self.set.lock();
        let changes = set.take(item);
        let ended = set.ended();
        // Told under the set's lock: a reader that is woken finds at least this state.
        if !changes.is_empty() {
            for reader in self.readers.lock().values() {
                reader.unseen.lock().add(&changes);
                reader.wake.notify_one();
            }
        }
        ended
    }
}

/// Runs until nobody has read for the linger time, the watch ends for good, or the hub aborts it.
pub(super) async fn run(
    entry: Arc<Entry>,
    hub: std::sync::Weak<Inner>,
    cluster: Arc<dyn Cluster>,
    clock: Arc<dyn Clock>,
    linger: Duration,
) {
    let scope: &Scope = &entry.slot.scope;
    let mut events = cluster.watch(scope);
    // Lives across events: a busy watch without readers must end too.
    let mut idle = std::pin::pin!(idle(entry.count.subscribe(), &clock, linger));
    loop {
        tokio::select! {
            item = events.next() => {
                let item = item.unwrap_or_else(|| Err(Error::Denied("the watch ended".to_owned())));
                if entry.take(item) {
                    return;
                }
            }
            () = &mut idle => {
                if hub.upgrade().is_none_or(|hub| hub.retire(&entry)) {
                    return;
                }
                idle.set(self::idle(entry.count.subscribe(), &clock, linger));
            }
        }
    }
}

/// Ends once there has been no reader for the whole linger time.
async fn idle(mut count: watch::Receiver<usize>, clock: &Arc<dyn Clock>, linger: Duration) {
    loop {
        if count.wait_for(|count| *count == 0).await.is_err() {
            return;
        }
        tokio::select! {
            () = clock.sleep(linger) => return,
            _ = count.wait_for(|count| *count > 0) => {}
        }
    }
}
