//! Which workload is scaled.

use kubeorch_plugin_sdk::{DeclaredBy, Link, Peer, Reader, check, kubernetes::Tree, read_text};
use serde_json::Value;

use super::ROLE;
use crate::workload::REQUESTS;

pub(super) const KINDS: [&str; 2] = ["Deployment", "StatefulSet"];
/// The member that holds the id of the node whose name was copied.
pub(super) const COPIED_FROM: &str = "_linkedTarget";

/// The workload, as far as it is known.
pub(super) struct Target<'a> {
    name: Option<String>,
    kind: &'a str,
    api_version: &'a str,
    peer: Option<&'a Peer>,
}

impl<'a> Target<'a> {
    /// Explicit data wins, except over the current name of the very workload it was copied from.
    pub(super) fn find(reader: &Reader<'_>, links: &'a [Link], notes: &mut Vec<String>) -> Self {
        let copied_from = read_text(reader.members(), COPIED_FROM);
        let named =
            copied_from.and_then(|id| links.iter().find(|link| link.peer.id == id)).map(|link| &link.peer);
        let own = reader.checked("scaleTargetName", check::dns_subdomain);
        let own_kind = reader.choice("scaleTargetKind", &KINDS);
        let linked: Vec<&Peer> =
            links.iter().filter(|link| link.is(ROLE, DeclaredBy::Node)).map(|link| &link.peer).collect();
        let of_name = own.and_then(|name| linked.iter().copied().find(|peer| peer.facts.name == name));
        let first = linked.first().copied();
        let peer = named.or(of_name).or(if own.is_none() { first } else { None });
        report(reader, own, peer, &linked);
        match (own, peer) {
            (Some(stale), Some(peer)) if stale != peer.facts.name => {
                notes.push(format!("target {stale}: {} is now named {}", peer.kind, peer.facts.name));
            }
            (None, Some(peer)) => notes.push(format!("target from {} {}", peer.kind, peer.facts.name)),
            _ => {}
        }
        // The kind of a node follows from its type; a copied one may be left from another node.
        let (kind, api_version) = match peer {
            Some(peer) => (peer.facts.kind.as_str(), peer.facts.api_version.as_str()),
            None => (own_kind.unwrap_or(KINDS[0]), "apps/v1"),
        };
        let name = peer.map(|peer| peer.facts.name.clone()).or_else(|| own.map(str::to_owned));
        Self { name, kind, api_version, peer }
    }

    /// The spec's `scaleTargetRef`.
    pub(super) fn reference(&self) -> Tree {
        let Some(name) = &self.name else { return Tree::new() };
        Tree::new().set("apiVersion", self.api_version).set("kind", self.kind).set("name", name.as_str())
    }

    /// Takes the workload's namespace where the node names none, and reports another one that it names.
    pub(super) fn place(
        &self,
        reader: &Reader<'_>,
        own: Option<&str>,
        namespace: &mut String,
        notes: &mut Vec<String>,
    ) {
        let Some(peer) = self.peer else { return };
        let (theirs, title) = (&peer.facts.namespace, format!("{} {}", peer.kind, peer.facts.name));
        if theirs.is_empty() || theirs == namespace {
            return;
        }
        if own.is_none() {
            notes.push(format!("namespace {theirs} from {title}"));
            namespace.clone_from(theirs);
        } else {
            let message = format!(
                "{title} is in namespace {theirs}, but only what is in {namespace} can be scaled from there"
            );
            reader.error("namespace", "differs", message, "put both into the same namespace");
        }
    }

    /// Whether its pods are known to ask for no amount of a resource.
    pub(super) fn lacks_request(&self, resource: &str) -> bool {
        let requested = self.peer.and_then(|peer| peer.facts.more.get(REQUESTS)).and_then(Value::as_array);
        requested.is_some_and(|names| names.iter().all(|name| name.as_str() != Some(resource)))
    }
}

fn report(reader: &Reader<'_>, own: Option<&str>, peer: Option<&Peer>, linked: &[&Peer]) {
    let first = linked.first();
    match (own, peer) {
        (None, None) if reader.text("scaleTargetName").is_none() => {
            let hint = "link a deployment or a stateful set, or set scaleTargetName";
            reader.error("scaleTargetName", "missing", "nothing is scaled", hint);
        }
        (Some(own), None) if first.is_none() => {
            let message =
                format_args!("no node is linked: if {own} is one, every run sets its number of pods again");
            reader.warning(
                "scaleTargetName",
                "unlinked",
                message,
                "link the workload, so that its replicas are left alone",
            );
        }
        (Some(own), None) => {
            let title = first.map(|peer| format!("{} {}", peer.kind, peer.facts.name)).unwrap_or_default();
            let message = format_args!("scaleTargetName {own} isn't the linked {title}");
            reader.warning(
                "scaleTargetName",
                "differs",
                message,
                "clear scaleTargetName to follow the link, or remove the link",
            );
        }
        (_, Some(peer)) => {
            if let Some(other) = linked.iter().find(|other| other.id != peer.id) {
                let message = format_args!(
                    "linked to several workloads; {} is scaled, {} isn't",
                    peer.facts.name, other.facts.name
                );
                reader.warning("scaleTargetName", "ambiguous", message, "use one autoscaler per workload");
            }
        }
        (None, None) => {}
    }
}
