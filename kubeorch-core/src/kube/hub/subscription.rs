//! One reader's view of a watch.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Entry, Reader};
use super::set::{Changes, State};
use super::shared::Inner;
use crate::kube::Error;
use crate::manifest::{Key, Object};

/// Reads the objects of one scope. Dropping it is how to stop.
///
/// Objects come without `managedFields`, kubectl's last-applied annotation and annotations of more than 1 KiB; of
/// the data of a Secret only the names are kept, of a `ConfigMap` the values up to 1 KiB too. They are held as compact rows, in all less than
/// 1 KB for a pod, and decoded for each reader.
pub struct Subscription {
    hub: Arc<Inner>,
    entry: Arc<Entry>,
    id: u64,
    reader: Arc<Reader>,
}

impl Subscription {
    pub(super) fn new(hub: Arc<Inner>, entry: Arc<Entry>, id: u64, reader: Arc<Reader>) -> Self {
        Self { hub, entry, id, reader }
    }

    /// All objects as of one moment; empty before the first sync. Decodes all of them: for a large set,
    /// [`Self::objects`] needs less memory.
    pub fn snapshot(&self) -> BTreeMap<Key, Arc<Object>> {
        self.objects().map(|(key, object)| (key, Arc::new(object))).collect()
    }

    /// All objects as of one moment in the order of their keys, each decoded when it is asked for. Copies
    /// references at once, so it may be kept while the set changes.
    pub fn objects(&self) -> impl Iterator<Item = (Key, Object)> + use<> {
        let view = self.entry.set.lock().view();
        view.objects()
    }

    /// One object; `None` when it is not there. The key's `apiVersion` must be that of the scope.
    pub fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.entry.set.lock().get(key).map(Arc::new)
    }

    /// How the watch is doing.
    pub fn state(&self) -> State {
        self.entry.set.lock().state.clone()
    }

    /// Waits until something changed since the last call, and says what. Cancelling the wait loses nothing.
    pub async fn changed(&mut self) -> Changes {
        loop {
            {
                let mut unseen = self.reader.unseen.lock();
                if !unseen.is_empty() {
                    return std::mem::take(&mut *unseen);
                }
            }
            self.reader.wake.notified().await;
        }
    }

    /// Waits until the first set is complete; fails when the watch ends before. A watch that was lost keeps
    /// waiting. What changed meanwhile stays for [`Self::changed`].
    pub async fn synced(&mut self) -> Result<(), Error> {
        loop {
            match self.state() {
                State::Live => return Ok(()),
                State::Ended(error) => return Err(error),
                State::Syncing | State::Lost(_) => self.reader.wake.notified().await,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.entry.leave(self.id);
        if self.entry.set.lock().ended() {
            // Its task is over, so nothing else would take it out.
            self.hub.retire(&self.entry);
        }
    }
}
