//! What the graphs of workflows became, the latest of each.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::steps::Past;
use crate::id::WorkflowId;

/// Bytes that all of it may take, by the weight of its parts: about what one workflow of 10,000 nodes takes, or a
/// thousand of ten. The workflows that nobody looked at for longest go first.
const MOST: usize = 128 << 20;

/// Bytes of an entry without nodes.
const OVERHEAD: usize = 4096;

/// Belongs to one service.
pub(in crate::runs) struct Cache {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<WorkflowId, Entry>,
    /// When each was used, the longest ago first.
    used: BTreeMap<u64, WorkflowId>,
    uses: u64,
    weight: usize,
}

struct Entry {
    past: Arc<Past>,
    weight: usize,
    used: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl Cache {
    /// With room for so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::default() }
    }

    pub(super) fn get(&self, workflow: WorkflowId) -> Option<Arc<Past>> {
        let mut inner = self.inner.lock();
        let Inner { entries, used, uses, .. } = &mut *inner;
        let entry = entries.get_mut(&workflow)?;
        *uses += 1;
        used.remove(&entry.used);
        used.insert(*uses, workflow);
        entry.used = *uses;
        Some(Arc::clone(&entry.past))
    }

    /// Remembers it in place of an older one. One that is larger than all may be is not remembered.
    pub(super) fn put(&self, workflow: WorkflowId, past: Arc<Past>) {
        let weight = past.weight() + OVERHEAD;
        // What goes is dropped without the lock: it may be large.
        let mut gone = Vec::new();
        let mut inner = self.inner.lock();
        gone.extend(inner.remove(workflow));
        if weight <= self.most {
            while inner.weight + weight > self.most
                && let Some((_, oldest)) = inner.used.first_key_value()
            {
                let oldest = *oldest;
                gone.extend(inner.remove(oldest));
            }
            inner.uses += 1;
            let used = inner.uses;
            inner.used.insert(used, workflow);
            inner.weight += weight;
            inner.entries.insert(workflow, Entry { past, weight, used });
        }
        drop(inner);
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.entries.len(), inner.weight)
    }
}

impl Inner {
    fn remove(&mut self, workflow: WorkflowId) -> Option<Entry> {
        let entry = self.entries.remove(&workflow)?;
        self.used.remove(&entry.used);
        self.weight -= entry.weight;
        Some(entry)
    }
}
