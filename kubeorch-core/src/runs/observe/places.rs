//! Where the objects of the nodes are watched, and which nodes a change touches.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::clusters::Link;
use crate::kube::{self, Changes, Scope, Subscription};
use crate::manifest::Key;

/// One watch and who looks at it.
pub(in crate::runs) struct Place {
    pub(in crate::runs) scope: Scope,
    pub(in crate::runs) subscription: Subscription,
    /// Nodes that have an object of their own here, by its key.
    owners: HashMap<Key, Vec<usize>>,
    /// Nodes that look at everything here.
    observers: Vec<usize>,
}

/// All watches of a workflow.
pub(in crate::runs) struct Places {
    pub(in crate::runs) all: Vec<Place>,
}

/// A scope, the owners of its objects, and who looks at all of it.
type Planned = (Scope, HashMap<Key, Vec<usize>>, Vec<usize>);

/// Collects what is to be watched; equal scopes are one place.
#[derive(Default)]
pub(in crate::runs) struct Plan {
    scopes: Vec<Planned>,
    known: HashMap<Scope, usize>,
}

impl Plan {
    pub(in crate::runs) fn own(&mut self, scope: Scope, key: Key, node: usize) -> usize {
        let at = self.place(scope);
        self.scopes[at].1.entry(key).or_default().push(node);
        at
    }

    pub(in crate::runs) fn observed(&mut self, scope: Scope, node: usize) -> usize {
        let at = self.place(scope);
        self.scopes[at].2.push(node);
        at
    }

    fn place(&mut self, scope: Scope) -> usize {
        *self.known.entry(scope.clone()).or_insert_with(|| {
            self.scopes.push((scope, HashMap::new(), Vec::new()));
            self.scopes.len() - 1
        })
    }

    pub(in crate::runs) fn subscribe(self, link: &Link) -> Result<Places, kube::Error> {
        let all = self.scopes.into_iter().map(|(scope, owners, observers)| {
            let subscription = link.subscribe(&scope)?;
            Ok::<_, kube::Error>(Place { scope, subscription, owners, observers })
        });
        Ok(Places { all: all.collect::<Result<_, _>>()? })
    }
}

impl Places {
    /// Waits for a change, takes in all that are there by then, and answers which nodes they touch.
    pub(in crate::runs) async fn changed(&mut self) -> BTreeSet<usize> {
        let mut touched = BTreeSet::new();
        let first = {
            let waits = self.all.iter_mut().enumerate().map(|(at, place)| async move {
                let changes = place.subscription.changed().await;
                (at, changes)
            });
            waits.collect::<FuturesUnordered<_>>().next().await
        };
        let Some((at, changes)) = first else { return std::future::pending().await };
        self.all[at].touch(&changes, &mut touched);
        for place in &mut self.all {
            while let Some(changes) = place.subscription.changed().now_or_never() {
                place.touch(&changes, &mut touched);
            }
        }
        touched
    }

    /// The namespaces of own objects.
    pub(in crate::runs) fn namespaces(&self) -> BTreeSet<String> {
        let own = self.all.iter().filter(|place| !place.owners.is_empty());
        own.filter_map(|place| place.scope.namespace.clone()).collect()
    }

    /// The nodes that have or see an object.
    pub(in crate::runs) fn nodes_of(
        &self,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> BTreeSet<usize> {
        let mut nodes = BTreeSet::new();
        let mut seen = HashSet::new();
        for place in self.all.iter().filter(|place| place.scope.kind.kind == kind) {
            let key = Key {
                kind: place.scope.kind.clone(),
                namespace: namespace.map(str::to_owned),
                name: name.to_owned(),
            };
            nodes.extend(place.owners.get(&key).into_iter().flatten());
            let looks = !place.observers.is_empty() && seen.insert(&place.scope);
            if looks && place.subscription.get(&key).is_some() {
                nodes.extend(&place.observers);
            }
        }
        nodes
    }
}

impl Place {
    fn touch(&self, changes: &Changes, touched: &mut BTreeSet<usize>) {
        touched.extend(&self.observers);
        if changes.all || changes.state {
            touched.extend(self.owners.values().flatten());
            return;
        }
        touched.extend(changes.keys.iter().filter_map(|key| self.owners.get(key)).flatten());
    }
}
