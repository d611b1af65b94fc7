//! The objects of one watch, and what its readers have not seen yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::kube::{Error, Event};
use crate::manifest::{Key, Object};

/// How a watch is doing.
#[derive(Debug, Clone)]
pub enum State {
    /// The first set is not complete yet.
    Syncing,
    /// The set follows the cluster.
    Live,
    /// The watch was lost and reconnects; the set is as it was.
    Lost(Error),
    /// The watch will not come back; subscribe again to begin a new one.
    Ended(Error),
}

/// What changed since a reader last asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Objects that came, changed or went.
    pub keys: BTreeSet<Key>,
    /// More changed than is counted one by one: look at everything.
    pub all: bool,
    /// The watch's own state changed.
    pub state: bool,
}

/// Beyond this many unseen keys a reader is told to look at everything.
const KEYS: usize = 10_000;

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        !self.all && !self.state && self.keys.is_empty()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.state |= other.state;
        self.all |= other.all;
        if !self.all {
            self.keys.extend(other.keys.iter().cloned());
        }
        if self.all || self.keys.len() > KEYS {
            self.all = true;
            self.keys.clear();
        }
    }
}

/// The current objects; a second set grows beside them while a watch starts over.
pub(super) struct Set {
    pub(super) current: BTreeMap<Key, Arc<Object>>,
    next: Option<BTreeMap<Key, Arc<Object>>>,
    pub(super) state: State,
    limit: usize,
}

impl Set {
    pub(super) fn new(limit: usize) -> Self {
        Self { current: BTreeMap::new(), next: Some(BTreeMap::new()), state: State::Syncing, limit }
    }

    /// Whether the watch is over.
    pub(super) fn ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// Takes one item of the watch in.
    pub(super) fn take(&mut self, item: Result<Event, Error>) -> Changes {
        let mut changes = Changes::default();
        match item {
            Ok(Event::Restarted) => self.next = Some(BTreeMap::new()),
            Ok(Event::Synced) => {
                if let Some(next) = self.next.take() {
                    changes.keys = self.swap(next);
                }
                changes.state = !matches!(self.state, State::Live);
                self.state = State::Live;
            }
            Ok(Event::Applied(object)) => {
                let key = object.key();
                let object = Arc::new(slim(object));
                if let Some(next) = &mut self.next {
                    next.insert(key, object);
                } else {
                    self.current.insert(key.clone(), object);
                    changes.keys.insert(key);
                }
            }
            Ok(Event::Deleted(object)) => {
                let key = object.key();
                if let Some(next) = &mut self.next {
                    next.remove(&key);
                } else if self.current.remove(&key).is_some() {
                    changes.keys.insert(key);
                }
            }
            Err(error) => {
                changes.state = true;
                self.state = if error.retry() { State::Lost(error) } else { State::Ended(error) };
            }
        }
        let held = self.next.as_ref().map_or(0, BTreeMap::len).max(self.current.len());
        if held > self.limit && !self.ended() {
            let reason = format!("more than {} of them are there", self.limit);
            self.state = State::Ended(Error::rejected("the watched objects", reason));
            changes.state = true;
        }
        changes
    }

    /// Puts a complete set in place; answers what differs. Unchanged objects keep their memory.
    fn swap(&mut self, mut next: BTreeMap<Key, Arc<Object>>) -> BTreeSet<Key> {
        let mut changed = BTreeSet::new();
        for (key, old) in &self.current {
            match next.get_mut(key) {
                Some(new) if **new == **old => *new = old.clone(),
                _ => {
                    changed.insert(key.clone());
                }
            }
        }
        changed.extend(next.keys().filter(|key| !self.current.contains_key(*key)).cloned());
        self.current = next;
        changed
    }
}

/// Drops what no reader needs and much memory holds; of a Secret only the names of its entries stay.
fn slim(mut object: Object) -> Object {
    let secret = object.kind().kind == "Secret";
    let members = object.as_map_mut();
    if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    if secret && let Some(data) = members.get_mut("data").and_then(Value::as_object_mut) {
        data.values_mut().for_each(|value| *value = Value::from(""));
    }
    object
}
