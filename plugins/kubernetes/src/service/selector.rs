//! Whose pods the service sends traffic to.

use kubeorch_plugin_sdk::{
    DeclaredBy, Link, Peer, Reader, check,
    kubernetes::{Tree, label_map, label_text},
    read_text,
};
use serde_json::Value;

use super::ROLE;

/// The workload behind the service, as far as it is known.
pub(super) struct Target<'a> {
    app: Option<String>,
    peer: Option<&'a Peer>,
    /// Every linked workload, for those that name the service as their own.
    links: &'a [Link],
}

impl<'a> Target<'a> {
    /// Explicit data wins, except over the current name of the very workload it was copied from.
    pub(super) fn find(reader: &Reader<'_>, links: &'a [Link], notes: &mut Vec<String>) -> Self {
        let copied_from = read_text(reader.members(), "_linkedDeployment");
        let named =
            copied_from.and_then(|id| links.iter().find(|link| link.peer.id == id)).map(|link| &link.peer);
        let own = reader.text("targetApp");
        let mut linked = links.iter().filter(|link| link.is(ROLE, DeclaredBy::Node)).map(|link| &link.peer);
        let of_name = own.and_then(|name| linked.clone().find(|peer| peer.facts.name == name));
        let first = linked.next();
        let peer = named.or(of_name).or(if own.is_none() { first } else { None });
        if let (None, None, Some(first), Some(second)) =
            (named, own, first, linked.find(|peer| Some(*peer) != first))
        {
            let message = format!(
                "linked to several workloads; {} is selected, {} isn't",
                first.facts.name, second.facts.name
            );
            reader.warning(
                "targetApp",
                "ambiguous",
                message,
                "set targetApp, or use one service per workload",
            );
        }
        if let (Some(own), None, Some(first)) = (own, peer, first) {
            let message =
                format_args!("targetApp {own} isn't the linked {} {}", first.kind, first.facts.name);
            reader.warning(
                "targetApp",
                "differs",
                message,
                "clear targetApp to follow the link, or remove the link",
            );
        }
        match (own, peer) {
            (Some(stale), Some(peer)) if stale != peer.facts.name => {
                notes.push(format!("target {stale}: {} is now named {}", peer.kind, peer.facts.name));
            }
            (None, Some(peer)) => notes.push(format!("target from {} {}", peer.kind, peer.facts.name)),
            _ => {}
        }
        let app = peer.map(|peer| peer.facts.name.clone()).or_else(|| own.map(str::to_owned));
        Self { app, peer, links }
    }

    /// `deployment web`.
    pub(super) fn title(&self) -> String {
        self.peer.map(|peer| format!("{} {}", peer.kind, peer.facts.name)).unwrap_or_default()
    }

    pub(super) fn namespace(&self) -> Option<&'a str> {
        self.peer.map(|peer| peer.facts.namespace.as_str()).filter(|namespace| !namespace.is_empty())
    }

    pub(super) fn port(&self) -> Option<i64> {
        self.peer?.facts.port
    }

    pub(super) fn ports(&self) -> &'a [i64] {
        self.peer.map_or(&[], |peer| &peer.facts.ports)
    }

    /// Whether a linked workload names its pods by the service of that name.
    pub(super) fn is_headless_for(&self, name: &str) -> bool {
        self.links.iter().any(|link| link.peer.facts.service_name.as_deref() == Some(name))
    }

    pub(super) fn check_namespace(&self, reader: &Reader<'_>, namespace: &str) {
        if let Some(theirs) = self.namespace().filter(|theirs| *theirs != namespace) {
            let message = format!(
                "{} is in namespace {theirs}, the service in {namespace}: it will find no pods",
                self.title()
            );
            reader.warning("namespace", "differs", message, "put both into the same namespace");
        }
    }

    /// The labels to select by: the explicit ones, else those of the workload, else `app: <targetApp>`.
    pub(super) fn selector(&self, reader: &Reader<'_>) -> Tree {
        if reader.object("selector").is_some() {
            return label_map(reader, "selector");
        }
        if let Some(peer) = self.peer.filter(|peer| !peer.facts.labels.is_empty()) {
            return peer.facts.labels.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        }
        let Some(app) = &self.app else {
            let hint = "link the service to a workload, or set targetApp or selector";
            reader.error("targetApp", "missing", "the service selects nothing", hint);
            return Tree::new();
        };
        if let Err(why) = check::label_value(app) {
            reader.error("targetApp", "invalid", format_args!("targetApp {app:?} {}", why.problem), why.hint);
        }
        Tree::new().set("app", Value::from(label_text(app)))
    }
}
