//! Objects by resource with a bounded history of changes each.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::value::{list, name, namespace, put, text};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One entry of the history.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) kind: ChangeKind,
    pub(crate) object: Arc<Value>,
    /// The object before, for selectors that begin or stop to match.
    pub(crate) before: Option<Arc<Value>>,
    /// The event as every watch of whole objects sends it, written once.
    lines: Arc<[OnceLock<Bytes>; 3]>,
}

impl Change {
    fn new(version: u64, kind: ChangeKind, object: Arc<Value>, before: Option<Arc<Value>>) -> Self {
        Self { version, kind, object, before, lines: Arc::default() }
    }

    /// The line of an event about the object as it is after the change; `write` runs at most once.
    pub(crate) fn line(&self, kind: ChangeKind, write: impl FnOnce() -> Bytes) -> Bytes {
        let [added, modified, deleted] = &*self.lines;
        let line = match kind {
            ChangeKind::Added => added,
            ChangeKind::Modified => modified,
            ChangeKind::Deleted => deleted,
        };
        line.get_or_init(write).clone()
    }
}

/// Namespace (`""` for cluster scope) and name.
pub(crate) type Place = (String, String);

#[derive(Debug)]
struct Collection {
    objects: BTreeMap<Place, Arc<Value>>,
    history: VecDeque<Change>,
    /// The newest version that fell out of the history.
    forgotten: u64,
    latest: watch::Sender<u64>,
}

/// All objects. Versions are one sequence over all resources, as in etcd.
#[derive(Debug)]
pub(crate) struct Objects {
    collections: HashMap<String, Collection>,
    version: u64,
    count: usize,
    /// By owner uid: the resource id and place of what it owns.
    owned: HashMap<String, BTreeSet<(String, Place)>>,
    history: usize,
}

impl Objects {
    /// Keeps up to `history` changes per resource.
    pub(crate) fn new(history: usize) -> Self {
        Self { collections: HashMap::new(), version: 1, count: 0, owned: HashMap::new(), history }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Objects of one resource.
    pub(crate) fn len(&self, id: &str) -> usize {
        self.collections.get(id).map_or(0, |collection| collection.objects.len())
    }

    pub(crate) fn get(&self, id: &str, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.collections.get(id)?.objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Objects in order of namespace and name; all namespaces when `namespace` is `None`.
    pub(crate) fn list<'a>(
        &'a self,
        id: &str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Value>> + use<'a> {
        self.after(id, namespace, None)
    }

    /// As [`Objects::list`], beginning behind a place.
    pub(crate) fn after<'a>(
        &'a self,
        id: &str,
        namespace: Option<&'a str>,
        behind: Option<Place>,
    ) -> impl Iterator<Item = &'a Arc<Value>> + use<'a> {
        let from = match behind {
            Some(place) => Bound::Excluded(place),
            None => Bound::Included((namespace.unwrap_or_default().to_owned(), String::new())),
        };
        self.collections
            .get(id)
            .into_iter()
            .flat_map(move |collection| collection.objects.range((from.clone(), Bound::Unbounded)))
            .take_while(move |((at, _), _)| namespace.is_none_or(|wanted| at == wanted))
            .map(|(_, object)| object)
    }

    /// Everything an owner owns, as resource id, namespace and name.
    pub(crate) fn owned_by(&self, owner: &str) -> Vec<(String, Place)> {
        self.owned.get(owner).map(|set| set.iter().cloned().collect()).unwrap_or_default()
    }

    /// Ids of the resources that hold objects.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.collections.keys().cloned().collect();
        ids.sort_unstable();
        ids
    }

    /// Stores an object under a new version.
    pub(crate) fn put(&mut self, id: &str, mut object: Value) -> Change {
        self.version += 1;
        put(&mut object, &["metadata", "resourceVersion"], self.version.to_string());
        let object = Arc::new(object);
        let place = place(&object);
        let before = self.collection(id).objects.insert(place.clone(), Arc::clone(&object));
        if let Some(before) = &before {
            self.forget(id, before);
        } else {
            self.count += 1;
        }
        for owner in owners(&object) {
            self.owned.entry(owner.to_owned()).or_default().insert((id.to_owned(), place.clone()));
        }
        let kind = if before.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.record(id, Change::new(self.version, kind, object, before))
    }

    /// Takes an object out; its last state carries the version of the deletion.
    pub(crate) fn delete(&mut self, id: &str, namespace: &str, name: &str) -> Option<Change> {
        let place = (namespace.to_owned(), name.to_owned());
        let before = self.collections.get_mut(id)?.objects.remove(&place)?;
        self.forget(id, &before);
        self.count -= 1;
        self.version += 1;
        let mut last = (*before).clone();
        put(&mut last, &["metadata", "resourceVersion"], self.version.to_string());
        let change = Change::new(self.version, ChangeKind::Deleted, Arc::new(last), Some(before));
        Some(self.record(id, change))
    }

    /// Changes of a resource after `version`, at most `limit`; `None` when the history no longer
    /// reaches back so far.
    pub(crate) fn changes(&self, id: &str, version: u64, limit: usize) -> Option<Vec<Change>> {
        let Some(collection) = self.collections.get(id) else { return Some(Vec::new()) };
        if version < collection.forgotten {
            return None;
        }
        let start = collection.history.partition_point(|change| change.version <= version);
        Some(collection.history.iter().skip(start).take(limit).cloned().collect())
    }

    /// Tells when a resource changes.
    pub(crate) fn subscribe(&mut self, id: &str) -> watch::Receiver<u64> {
        self.collection(id).latest.subscribe()
    }

    fn collection(&mut self, id: &str) -> &mut Collection {
        self.collections.entry(id.to_owned()).or_insert_with(|| Collection {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            forgotten: 0,
            latest: watch::Sender::new(0),
        })
    }

    fn record(&mut self, id: &str, change: Change) -> Change {
        let limit = self.history;
        let collection = self.collection(id);
        collection.history.push_back(change.clone());
        while collection.history.len() > limit {
            if let Some(oldest) = collection.history.pop_front() {
                collection.forgotten = oldest.version;
            }
        }
        collection.latest.send_replace(change.version);
        change
    }

    fn forget(&mut self, id: &str, object: &Value) {
        for owner in owners(object) {
            if let Some(set) = self.owned.get_mut(owner) {
                set.remove(&(id.to_owned(), place(object)));
                if set.is_empty() {
                    self.owned.remove(owner);
                }
            }
        }
    }
}

fn place(object: &Value) -> Place {
    (namespace(object).to_owned(), name(object).to_owned())
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    list(object, "/metadata/ownerReferences").iter().map(|owner| text(owner, "/uid"))
}

/// The version of an object.
pub(crate) fn version_of(object: &Value) -> u64 {
    text(object, "/metadata/resourceVersion").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(name: &str) -> Value {
        json!({ "metadata": { "name": name, "namespace": "a", "uid": name } })
    }

    #[test]
    fn the_history_is_bounded_and_says_when_it_is_too_short() {
        let mut objects = Objects::new(2);
        let first = objects.put("pods", object("a")).version;
        objects.put("pods", object("b"));
        let names = |objects: &Objects, since| {
            let changes = objects.changes("pods", since, 10)?;
            Some(changes.iter().map(|change| name(&change.object).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names(&objects, 0), Some(vec!["a".to_owned(), "b".to_owned()]));
        objects.delete("pods", "a", "a");
        assert_eq!(names(&objects, 0), None);
        assert_eq!(names(&objects, first), Some(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(objects.count(), 1);
        assert_eq!(crate::value::uid(objects.get("pods", "a", "b").unwrap()), "b");
    }
}
