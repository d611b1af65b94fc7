//! Whose traffic is restricted.

use kubeorch_plugin_sdk::{Link, Peer, Reader, kubernetes::Tree};
use serde_json::{Map, Value};

use super::{own, rules, selector, workload};

const KEY: &str = "podSelector";
/// The member that holds the ids of the nodes whose names were copied.
const COPIED_FROM: &str = "_linkedWorkloads";

/// The workloads whose pods are restricted, as far as they are nodes.
pub(super) struct Subject<'a> {
    peers: Vec<&'a Peer>,
    /// The data selects by itself, and is no copy of a workload's name.
    explicit: bool,
}

impl<'a> Subject<'a> {
    /// Edges that touch no rule, and nodes that `_linkedWorkloads` names. A selector of the user's own wins over both;
    /// the current name of a workload wins over a copied one.
    pub(super) fn find(reader: &Reader<'_>, links: &'a [Link], notes: &mut Vec<String>) -> Self {
        let copied = ids(reader.members().get(COPIED_FROM));
        let rules = rules::ids(reader);
        let by_edge = own(links)
            .filter(|link| link.edge.is_some() && !rules.iter().any(|rule| link.touches(rule)))
            .map(|link| &link.peer);
        let by_copy = copied.iter().filter_map(|id| workload(links, id));
        let mut peers: Vec<&Peer> = Vec::new();
        for peer in by_copy.chain(by_edge) {
            if !peer.facts.labels.is_empty() && !peers.iter().any(|other| other.id == peer.id) {
                peers.push(peer);
            }
        }
        let given = reader.object(KEY);
        let app = given.as_ref().and_then(|it| selector::app_alone(it.members()));
        let is_copy = app.is_some() && copied.iter().any(|id| workload(links, id).is_some());
        let explicit = given.is_some() && !is_copy;
        if !explicit {
            let names: Vec<&str> = peers.iter().map(|peer| peer.facts.name.as_str()).collect();
            match app {
                Some(stale) if !names.contains(&stale) => {
                    notes.push(format!("restricts {stale}: now named {}", names.join(", ")));
                }
                None if !names.is_empty() => notes.push(format!("restricts {}", names.join(", "))),
                _ => {}
            }
        }
        Self { peers, explicit }
    }

    /// The spec's `podSelector`; empty for every pod of the namespace.
    pub(super) fn selector(&self, reader: &Reader<'_>) -> Tree {
        if self.explicit {
            return selector::read(reader, KEY).unwrap_or_default();
        }
        let [first, others @ ..] = self.peers.as_slice() else { return Tree::new() };
        if others.is_empty() {
            return selector::of_labels(&first.facts.labels);
        }
        let labels: Vec<_> = self.peers.iter().map(|peer| &peer.facts.labels).collect();
        any_of(&labels).unwrap_or_else(|| {
            let message = format_args!(
                "the linked workloads can't be selected together; {} alone is",
                first.facts.name
            );
            reader.error(KEY, "ambiguous", message, "use one network policy per workload");
            selector::of_labels(&first.facts.labels)
        })
    }

    /// Takes the workloads' namespace where the node names none, and reports others.
    pub(super) fn place(
        &self,
        reader: &Reader<'_>,
        own: Option<&str>,
        namespace: &mut String,
        notes: &mut Vec<String>,
    ) {
        let title = |peer: &Peer| format!("{} {}", peer.kind, peer.facts.name);
        if let (None, Some(peer)) = (own, self.peers.first())
            && !peer.facts.namespace.is_empty()
            && peer.facts.namespace != *namespace
        {
            notes.push(format!("namespace {} from {}", peer.facts.namespace, title(peer)));
            namespace.clone_from(&peer.facts.namespace);
        }
        for peer in self
            .peers
            .iter()
            .filter(|peer| !peer.facts.namespace.is_empty() && peer.facts.namespace != *namespace)
        {
            let message = format!(
                "{} is in namespace {}, the network policy in {namespace}: it will not be restricted",
                title(peer),
                peer.facts.namespace
            );
            reader.warning("namespace", "differs", message, "use one network policy per namespace");
        }
    }
}

/// One selector for several sets of labels, which is possible where they differ in the value of one label alone.
fn any_of(labels: &[&Map<String, Value>]) -> Option<Tree> {
    let mut values: Vec<Value> = Vec::new();
    let (key, _) = labels.first()?.iter().next()?;
    for set in labels {
        let value = set.get(key).filter(|_| set.len() == 1)?;
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    let any = Tree::new().set("key", key.as_str()).set("operator", "In").set("values", values);
    Some(Tree::new().set("matchExpressions", vec![Value::from(any)]))
}

fn ids(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(id)) => vec![id],
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
