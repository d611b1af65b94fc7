//! The objects of one watch, and what its readers have not seen yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::row::{Pieces, Row, Shelf};
use crate::kube::{Error, Event};
use crate::manifest::{Key, Kind, Object};

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

/// Beyond this many unseen keys a reader is told to look at everything; a key takes some 200 bytes, for each
/// reader.
const KEYS: usize = 1000;

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        !self.all && !self.state && self.keys.is_empty()
    }

    fn note(&mut self, key: Key) {
        if !self.all {
            self.keys.insert(key);
            self.limit();
        }
    }

    fn limit(&mut self) {
        if self.all || self.keys.len() > KEYS {
            self.all = true;
            self.keys.clear();
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.state |= other.state;
        self.all |= other.all;
        if !self.all {
            self.keys.extend(other.keys.iter().cloned());
        }
        self.limit();
    }
}

/// An object's place in a set of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    namespace: Option<Arc<str>>,
    name: Box<str>,
}

type Rows = BTreeMap<Place, Row>;

/// The current objects; a second set grows beside them while a watch starts over.
pub(super) struct Set {
    kind: Kind,
    current: Rows,
    next: Option<Rows>,
    shelf: Shelf,
    namespaces: BTreeSet<Arc<str>>,
    pub(super) state: State,
    limit: usize,
}

impl Set {
    pub(super) fn new(kind: Kind, limit: usize) -> Self {
        Self {
            kind,
            current: Rows::new(),
            next: Some(Rows::new()),
            shelf: Shelf::default(),
            namespaces: BTreeSet::new(),
            state: State::Syncing,
            limit,
        }
    }

    /// Whether the watch is over.
    pub(super) fn ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// One object; `None` when it is not there or of another kind.
    pub(super) fn get(&self, key: &Key) -> Option<Object> {
        if key.kind != self.kind {
            return None;
        }
        let place =
            Place { namespace: key.namespace.as_deref().map(Arc::from), name: key.name.as_str().into() };
        self.shelf.read(self.current.get(&place)?)
    }

    /// Everything as of now, not decoded yet.
    pub(super) fn view(&self) -> View {
        let rows = self.current.iter().map(|(place, row)| (place.clone(), row.clone()));
        View { kind: self.kind.clone(), pieces: self.shelf.pieces(), rows: rows.collect() }
    }

    /// Takes one item of the watch in.
    pub(super) fn take(&mut self, item: Result<Event, Error>) -> Changes {
        let mut changes = Changes::default();
        match item {
            Ok(Event::Restarted) => self.next = Some(Rows::new()),
            Ok(Event::Synced) => {
                if let Some(next) = self.next.take() {
                    self.swap(next, &mut changes);
                }
                changes.state = !matches!(self.state, State::Live);
                self.state = State::Live;
            }
            Ok(Event::Applied(object)) => self.apply(object, &mut changes),
            Ok(Event::Deleted(object)) => {
                let place = self.place(object.namespace(), object.name());
                if let Some(next) = &mut self.next {
                    next.remove(&place);
                } else if self.current.remove(&place).is_some() {
                    changes.note(key(&self.kind, &place));
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

    fn apply(&mut self, object: Object, changes: &mut Changes) {
        let place = self.place(object.namespace(), object.name());
        let row = self.shelf.put(&slim(object));
        if let Some(next) = &mut self.next {
            next.insert(place, row);
            return;
        }
        let hash = row.hash;
        let key = key(&self.kind, &place);
        if self.current.insert(place, row).is_none_or(|old| old.hash != hash) {
            changes.note(key);
        }
        if self.shelf.worn() {
            self.shelf.renew(self.current.values_mut());
        }
    }

    /// Puts a complete set in place and notes what differs.
    fn swap(&mut self, next: Rows, changes: &mut Changes) {
        let old = std::mem::replace(&mut self.current, next);
        for (place, row) in &old {
            if self.current.get(place).is_none_or(|new| new.hash != row.hash) {
                changes.note(key(&self.kind, place));
            }
        }
        for place in self.current.keys().filter(|place| !old.contains_key(*place)) {
            changes.note(key(&self.kind, place));
        }
        self.shelf.settle();
        if self.shelf.worn() {
            self.shelf.renew(self.current.values_mut());
        }
        self.namespaces = self.current.keys().filter_map(|place| place.namespace.clone()).collect();
    }

    fn place(&mut self, namespace: Option<&str>, name: &str) -> Place {
        let namespace = namespace.map(|namespace| {
            if let Some(known) = self.namespaces.get(namespace) {
                return known.clone();
            }
            let new: Arc<str> = namespace.into();
            self.namespaces.insert(new.clone());
            new
        });
        Place { namespace, name: name.into() }
    }
}

fn key(kind: &Kind, place: &Place) -> Key {
    Key {
        kind: kind.clone(),
        namespace: place.namespace.as_deref().map(str::to_owned),
        name: place.name.as_ref().to_owned(),
    }
}

/// A whole set as of one moment; each object is decoded when its turn comes.
pub(super) struct View {
    kind: Kind,
    pieces: Pieces,
    rows: Vec<(Place, Row)>,
}

impl View {
    pub(super) fn objects(self) -> impl Iterator<Item = (Key, Object)> {
        let Self { kind, pieces, rows } = self;
        rows.into_iter().filter_map(move |(place, row)| Some((key(&kind, &place), pieces.read(&row)?)))
    }
}

/// Longer annotations are left out, and longer values of a `ConfigMap` emptied, in bytes of their value.
const KEPT: usize = 1024;

/// Drops what no reader needs and much memory holds. Of a Secret only the names of the entries stay; of a `ConfigMap` the
/// short values too, which drift is seen by without a call.
fn slim(mut object: Object) -> Object {
    let kind = object.kind();
    let members = object.as_map_mut();
    if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            annotations.retain(|_, value| value.as_str().is_none_or(|text| text.len() <= KEPT));
        }
    }
    if kind.api_version == "v1" && matches!(kind.kind.as_str(), "Secret" | "ConfigMap") {
        for member in ["data", "stringData", "binaryData"] {
            if let Some(data) = members.get_mut(member).and_then(Value::as_object_mut) {
                let secret = kind.kind == "Secret";
                let long = |value: &Value| value.as_str().is_none_or(|text| text.len() > KEPT);
                let hidden = data.values_mut().filter(|value| secret || long(value));
                hidden.for_each(|value| *value = Value::from(""));
            }
        }
    }
    object
}
