//! What the fake holds, and what it does to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::selector;
use crate::kube::{Error, Event, Head, Health, Operation, Scope, ServerInfo};
use crate::manifest::{Key, Kind, Object};

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// [`Cluster::info`](crate::kube::Cluster::info)
    Info,
    /// [`Cluster::get`](crate::kube::Cluster::get)
    Get,
    /// [`Cluster::list`](crate::kube::Cluster::list)
    List,
    /// [`Cluster::heads`](crate::kube::Cluster::heads)
    Heads,
    /// [`Cluster::apply`](crate::kube::Cluster::apply) that changes something.
    Apply,
    /// [`Cluster::apply`](crate::kube::Cluster::apply) as a dry run.
    DryRun,
    /// [`Cluster::delete`](crate::kube::Cluster::delete)
    Delete,
    /// [`Cluster::watch`](crate::kube::Cluster::watch)
    Watch,
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What was called.
    pub verb: Verb,
    /// `Deployment shop/web`, or the kind alone for a list or watch; empty for the server itself.
    pub target: String,
}

/// Group, kind, namespace, name: the identity without the version.
type Id = (String, String, Option<String>, String);

pub(super) fn id(key: &Key) -> Id {
    (key.kind.group().to_owned(), key.kind.kind.clone(), key.namespace.clone(), key.name.clone())
}

/// A receiver of a watch.
pub(super) struct Watcher {
    pub(super) scope: Scope,
    pub(super) send: UnboundedSender<Result<Event, Error>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) info: ServerInfo,
    objects: BTreeMap<Id, Object>,
    /// What each manager applied last, to know what it leaves out now.
    applied: BTreeMap<(Id, String), Object>,
    pub(super) absent: BTreeSet<Kind>,
    pub(super) cluster_scoped: BTreeSet<String>,
    /// Errors to come, each for one call of a verb on a target; an empty target is any.
    pub(super) script: VecDeque<(Verb, String, Error)>,
    pub(super) calls: Vec<Call>,
    pub(super) watchers: Vec<Watcher>,
    pub(super) health: watch::Sender<Health>,
    version: u64,
}

impl State {
    pub(super) fn new(info: ServerInfo, cluster_scoped: BTreeSet<String>) -> Self {
        Self { info, cluster_scoped, ..Self::default() }
    }

    /// Notes a call and answers the error that is scripted for it.
    pub(super) fn enter(&mut self, verb: Verb, target: String) -> Result<(), Error> {
        let planned = self
            .script
            .iter()
            .position(|(wanted, of, _)| *wanted == verb && (of.is_empty() || *of == target))
            .and_then(|at| self.script.remove(at));
        self.calls.push(Call { verb, target });
        planned.map_or(Ok(()), |(_, _, error)| Err(error))
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(&id(key))
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    pub(super) fn list(&self, scope: &Scope) -> Vec<Object> {
        self.objects.values().filter(|object| within(scope, object)).cloned().collect()
    }

    /// An object's head; its managers are those of its `managedFields` and those who applied it.
    pub(super) fn head(&self, object: &Object) -> Head {
        let key = object.key();
        let of = id(&key);
        let array = |pointer: &str| object.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let managers = array("/metadata/managedFields").filter_map(|entry| entry["manager"].as_str());
        let appliers = self.applied.keys().filter(|(applied, _)| *applied == of).map(|(_, who)| who.as_str());
        let managers: BTreeSet<_> = managers.chain(appliers).collect();
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
        Head {
            key,
            uid: object.uid().unwrap_or_default().to_owned(),
            resource_version: object.resource_version().unwrap_or_default().to_owned(),
            labels: labels
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            managers: managers.into_iter().map(str::to_owned).collect(),
            controlled: array("/metadata/ownerReferences").any(|owner| owner["controller"] == true),
            deleting: object.pointer("/metadata/deletionTimestamp").is_some(),
        }
    }

    /// Sets an object as it is, as another client would.
    pub(super) fn put(&mut self, mut object: Object) -> Object {
        let key = object.key();
        let before = self.objects.get(&id(&key)).cloned();
        self.stamp(before.as_ref(), &mut object);
        self.objects.insert(id(&key), object.clone());
        self.tell(before.as_ref(), Some(&object));
        object
    }

    /// Takes an object away.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        let Some(object) = self.objects.remove(&id(key)) else { return false };
        self.applied.retain(|(of, _), _| *of != id(key));
        self.tell(Some(&object), None);
        true
    }

    /// Merges like a server-side apply; a dry run leaves no trace.
    pub(super) fn apply(&mut self, object: &Object, manager: &str, dry_run: bool) -> (Object, Operation) {
        let of = id(&object.key());
        let before = self.objects.get(&of).cloned();
        let mut merged = before.clone().map_or_else(|| Value::Object(Map::new()), Object::into_value);
        if let Some(last) = self.applied.get(&(of.clone(), manager.to_owned())) {
            take_out(&mut merged, &last.to_value(), &object.to_value());
        }
        merge(&mut merged, object.to_value());
        // The applied object was one, and merging takes no member of its identity out.
        let mut after = Object::new(merged).unwrap_or_else(|_| object.clone());
        let operation = match &before {
            None => Operation::Created,
            Some(before) if *before == after => Operation::Unchanged,
            Some(_) => Operation::Updated,
        };
        if !dry_run {
            self.applied.insert((of.clone(), manager.to_owned()), object.clone());
            if operation != Operation::Unchanged {
                self.stamp(before.as_ref(), &mut after);
                self.objects.insert(of, after.clone());
                self.tell(before.as_ref(), Some(&after));
            }
        }
        (after, operation)
    }

    /// What a server keeps count of.
    fn stamp(&mut self, before: Option<&Object>, object: &mut Object) {
        self.version += 1;
        let spec = |object: &Object| object.pointer("/spec").cloned();
        let generation = before.and_then(|before| before.pointer("/metadata/generation")?.as_u64());
        let next = match (generation, before) {
            (Some(same), Some(before)) if spec(before) == spec(object) => same,
            (generation, _) => generation.unwrap_or(0) + 1,
        };
        let uid = before.and_then(Object::uid).map_or_else(|| format!("uid-{}", self.version), str::to_owned);
        let version = self.version.to_string();
        if let Some(metadata) = object.as_map_mut().get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("uid".to_owned(), Value::from(uid));
            metadata.insert("resourceVersion".to_owned(), Value::from(version));
            metadata.insert("generation".to_owned(), Value::from(next));
        }
    }

    /// Tells every watch what it sees of a change; one that left its scope is gone for it.
    fn tell(&mut self, before: Option<&Object>, after: Option<&Object>) {
        self.watchers.retain(|watcher| {
            let sees =
                |object: Option<&Object>| object.filter(|object| within(&watcher.scope, object)).cloned();
            let event = match (sees(before), sees(after)) {
                (_, Some(object)) => Event::Applied(object),
                (Some(object), None) => Event::Deleted(object),
                (None, None) => return !watcher.send.is_closed(),
            };
            watcher.send.send(Ok(event)).is_ok()
        });
    }
}

fn within(scope: &Scope, object: &Object) -> bool {
    let kind = object.kind();
    kind.kind == scope.kind.kind
        && kind.group() == scope.kind.group()
        && scope.namespace.as_deref().is_none_or(|namespace| object.namespace() == Some(namespace))
        && selector::matches(&scope.labels, object)
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// Removes what the manager applied last and leaves out now.
fn take_out(live: &mut Value, last: &Value, now: &Value) {
    let (Value::Object(live), Value::Object(last)) = (live, last) else { return };
    for (name, value) in last {
        match now.get(name) {
            None => {
                live.remove(name);
            }
            Some(now) => {
                if let Some(live) = live.get_mut(name) {
                    take_out(live, value, now);
                }
            }
        }
    }
}
