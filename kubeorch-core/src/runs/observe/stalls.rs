//! Warnings of the cluster, by the object that they are about.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;

use super::view::Stall;
use crate::clusters::Link;
use crate::kube::{Changes, Scope, State, Subscription};
use crate::manifest::{Key, Kind, Object};
use crate::time::Time;

/// Events that are no warnings and still say why a claim waits.
const OF_CLAIMS: [&str; 3] = ["ExternalProvisioning", "FailedBinding", WAITS];

/// A claim whose class waits until a pod mounts it.
const WAITS: &str = "WaitForFirstConsumer";

/// The longest message that is kept; the rest of a long one repeats itself.
const MAX_MESSAGE: usize = 300;

/// Kind, namespace and name of what an event is about.
pub(super) type Target = (String, Option<String>, String);

/// The newest warning about each object of some namespaces.
pub(super) struct Stalls {
    subscriptions: Vec<(Subscription, bool)>,
    newest: BTreeMap<Target, Noted>,
}

struct Noted {
    event: String,
    at: Time,
    /// It was there before anybody looked: it may be about a roll-out of long ago.
    old: bool,
    stall: Stall,
}

impl Stalls {
    /// Begins to watch. A cluster that does not show its events only explains less.
    pub(super) fn start(link: &Link, namespaces: &BTreeSet<String>) -> Self {
        let events = namespaces.iter().filter_map(|namespace| {
            let scope = Scope {
                kind: Kind::new("v1", "Event"),
                namespace: Some(namespace.clone()),
                labels: String::new(),
            };
            match link.subscribe(&scope) {
                Ok(subscription) => Some((subscription, false)),
                Err(error) => {
                    tracing::debug!(namespace, %error, "events are not watched");
                    None
                }
            }
        });
        Self { subscriptions: events.collect(), newest: BTreeMap::new() }
    }

    /// Waits for events, takes in all that are there by then, and answers what they are about.
    pub(super) async fn changed(&mut self) -> Vec<Target> {
        let first = {
            let waits = self.subscriptions.iter_mut().enumerate().map(|(at, (subscription, _))| async move {
                let changes = subscription.changed().await;
                (at, changes)
            });
            waits.collect::<FuturesUnordered<_>>().next().await
        };
        let Some((at, changes)) = first else { return std::future::pending().await };
        let mut targets = Vec::new();
        self.take(at, &changes, &mut targets);
        for at in 0..self.subscriptions.len() {
            while let Some(changes) = self.subscriptions[at].0.changed().now_or_never() {
                self.take(at, &changes, &mut targets);
            }
        }
        targets
    }

    fn take(&mut self, at: usize, changes: &Changes, targets: &mut Vec<Target>) {
        let (subscription, begun) = &mut self.subscriptions[at];
        let old = !*begun;
        *begun |= matches!(subscription.state(), State::Live);
        let keys: Vec<Key> = if changes.all {
            subscription.snapshot().into_keys().collect()
        } else {
            changes.keys.iter().cloned().collect()
        };
        for key in keys {
            let Some(event) = subscription.get(&key) else {
                self.newest.retain(|_, noted| noted.event != key.name);
                continue;
            };
            let Some((target, noted)) = read(&event, old) else { continue };
            if self.newest.get(&target).is_none_or(|known| known.at <= noted.at) {
                self.newest.insert(target.clone(), noted);
                targets.push(target);
            }
        }
    }

    /// The newest warning about any of a node's objects: its own, the pods that it sees, the replica sets of its deployments.
    pub(super) fn of<'a>(
        &self,
        own: impl Iterator<Item = &'a Object>,
        pods: impl Iterator<Item = Target>,
    ) -> Option<&Stall> {
        if self.newest.is_empty() {
            return None;
        }
        let mut found: Vec<&Noted> = pods.filter_map(|pod| self.newest.get(&pod)).collect();
        for object in own {
            let key = object.key();
            let target = (key.kind.kind.clone(), key.namespace.clone(), key.name.clone());
            let claim = key.kind.kind == "PersistentVolumeClaim";
            found.extend(self.newest.get(&target).filter(|noted| claim || !noted.old));
            if key.kind.kind == "Deployment" {
                found.extend(self.sets(&key));
            }
        }
        found
            .into_iter()
            .filter(|noted| noted.stall.reason != WAITS)
            .max_by_key(|noted| noted.at)
            .map(|it| &it.stall)
    }

    /// What is said about the replica sets of a deployment: they are named after it, with one part more.
    fn sets(&self, deployment: &Key) -> impl Iterator<Item = &Noted> {
        let prefix = format!("{}-", deployment.name);
        let first = ("ReplicaSet".to_owned(), deployment.namespace.clone(), prefix.clone());
        let namespace = deployment.namespace.clone();
        self.newest
            .range(first..)
            .take_while(move |((kind, of, name), _)| {
                kind == "ReplicaSet" && *of == namespace && name.starts_with(&prefix)
            })
            .filter(|((_, _, name), noted)| parent(name) == Some(deployment.name.as_str()) && !noted.old)
            .map(|(_, noted)| noted)
    }

    /// Whether a claim waits for a pod that mounts it, and for nothing else.
    pub(super) fn waits_for_consumer(&self, claim: &Object) -> bool {
        let target = (
            "PersistentVolumeClaim".to_owned(),
            claim.namespace().map(str::to_owned),
            claim.name().to_owned(),
        );
        self.newest.get(&target).is_some_and(|noted| noted.stall.reason == WAITS)
    }
}

/// `web` of the replica set `web-6d4f8`.
pub(super) fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('-').map(|(parent, _)| parent)
}

fn read(event: &Object, old: bool) -> Option<(Target, Noted)> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, reason) = (text("/involvedObject/kind"), text("/reason"));
    let of_claim = kind == "PersistentVolumeClaim" && OF_CLAIMS.contains(&reason);
    if text("/type") != "Warning" && !of_claim {
        return None;
    }
    // Which of them is filled depends on who reports it.
    let times = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    let at = times.iter().filter_map(|pointer| text(pointer).parse::<Time>().ok()).max();
    let namespace = Some(text("/involvedObject/namespace")).filter(|it| !it.is_empty());
    let name = text("/involvedObject/name");
    let words = text("/message").split_whitespace().collect::<Vec<_>>().join(" ");
    let stall = Stall {
        reason: reason.to_owned(),
        object: format!("{kind}/{name}"),
        message: words.chars().take(MAX_MESSAGE).collect(),
    };
    let target = (kind.to_owned(), namespace.map(str::to_owned), name.to_owned());
    let at = at.unwrap_or(Time::from_millis(0));
    Some((target, Noted { event: event.name().to_owned(), at, old, stall }))
}
