//! All watches of an engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::AbortHandle;

use super::entry::{Entry, run};
use super::subscription::Subscription;
use crate::kube::{Cluster, Error, Scope};
use crate::time::Clock;

/// Limits of a [`Hub`].
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// How long a watch runs on without a reader. 60 s: closing a page and opening the next keeps it.
    pub linger: Duration,
    /// Watches at one time, over all clusters; 1000.
    pub watches: usize,
    /// Objects of one watch; 100,000.
    pub objects: usize,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self { linger: Duration::from_mins(1), watches: 1000, objects: 100_000 }
    }
}

/// Shares watches: one for each cluster and [`Scope`], however many read it. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    cluster: Arc<str>,
    pub(super) scope: Scope,
}

pub(super) struct Inner {
    clock: Arc<dyn Clock>,
    options: HubOptions,
    watches: Mutex<Watches>,
}

#[derive(Default)]
struct Watches {
    running: HashMap<Slot, (Arc<Entry>, AbortHandle)>,
    readers: u64,
}

impl Hub {
    /// A hub without a watch; the clock measures the linger time.
    pub fn new(clock: Arc<dyn Clock>, options: HubOptions) -> Self {
        Self { inner: Arc::new(Inner { clock, options, watches: Mutex::default() }) }
    }

    /// Reads a scope of a cluster, by the running watch or a new one. `id` names the cluster: the same id must
    /// mean the same cluster and credentials, see [`Self::forget`]. Needs a tokio runtime.
    ///
    /// Fails with [`Error::Busy`] when as many watches run as may.
    pub fn subscribe(
        &self,
        id: &str,
        cluster: &Arc<dyn Cluster>,
        scope: &Scope,
    ) -> Result<Subscription, Error> {
        let slot = Slot { cluster: id.into(), scope: scope.clone() };
        let mut watches = self.inner.watches.lock();
        watches.readers += 1;
        let reader = watches.readers;
        let running = watches.running.get(&slot).filter(|(entry, _)| !entry.set.lock().ended());
        let entry = match running {
            Some((entry, _)) => entry.clone(),
            None => self.start(&mut watches, slot, cluster)?,
        };
        let joined = entry.join(reader);
        Ok(Subscription::new(self.inner.clone(), entry, reader, joined))
    }

    fn start(
        &self,
        watches: &mut Watches,
        slot: Slot,
        cluster: &Arc<dyn Cluster>,
    ) -> Result<Arc<Entry>, Error> {
        let options = &self.inner.options;
        // One that ended is replaced, so it does not count.
        watches.running.remove(&slot);
        if watches.running.len() >= options.watches {
            let reason = format!("{} watches run already", options.watches);
            return Err(Error::Busy { reason, retry_after: Some(options.linger) });
        }
        let entry = Arc::new(Entry::new(slot.clone(), options.objects));
        let hub = Arc::downgrade(&self.inner);
        let work = run(entry.clone(), hub, cluster.clone(), self.inner.clock.clone(), options.linger);
        let task = tokio::spawn(work).abort_handle();
        watches.running.insert(slot, (entry.clone(), task));
        Ok(entry)
    }

    /// Ends every watch of a cluster, because it was removed or its credentials changed. Readers see
    /// [`State::Ended`](super::State::Ended).
    pub fn forget(&self, id: &str) {
        let mut gone = Vec::new();
        self.inner.watches.lock().running.retain(|slot, (entry, task)| {
            let other = &*slot.cluster != id;
            if !other {
                task.abort();
                gone.push(entry.clone());
            }
            other
        });
        for entry in gone {
            entry.take(Err(Error::Credentials("the connection was replaced".to_owned())));
        }
    }

    /// How many watches run, those that linger included.
    pub fn watches(&self) -> usize {
        self.inner.watches.lock().running.len()
    }
}

impl Inner {
    /// Takes an unused watch out; `false` when a reader came meanwhile.
    pub(super) fn retire(&self, entry: &Arc<Entry>) -> bool {
        let mut watches = self.watches.lock();
        if !entry.unused() {
            return false;
        }
        if watches.running.get(&entry.slot).is_some_and(|(running, _)| Arc::ptr_eq(running, entry)) {
            watches.running.remove(&entry.slot);
        }
        true
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Subscriptions keep the hub alive, so nobody reads these any more.
        for (_, task) in self.watches.get_mut().running.values() {
            task.abort();
        }
    }
}
