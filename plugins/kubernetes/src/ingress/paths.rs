//! The paths of an ingress and the services behind them.

use kubeorch_plugin_sdk::{DeclaredBy, Link, Peer, Reader, check, kubernetes::Tree, read_text};
use serde_json::Value;

use super::ROLE;

/// How a path is compared.
pub(super) const TYPES: [&str; 3] = ["Prefix", "Exact", "ImplementationSpecific"];

/// `servicePort` of an ingress that lists no paths.
const DEFAULT_PORT: i64 = 80;

/// A path entry while links are being given to it. `reader` is the ingress itself when it has no list of paths.
struct Entry<'a, 'r> {
    reader: &'r Reader<'a>,
    peer: Option<&'r Peer>,
}

impl Entry<'_, '_> {
    fn is_free(&self) -> bool {
        self.peer.is_none() && read_text(self.reader.members(), "serviceName").is_none()
    }

    fn has_id(&self, link: &Link) -> bool {
        read_text(self.reader.members(), "id").is_some_and(|id| link.touches(id))
    }
}

/// All usable paths as the API wants them.
pub(super) fn read(
    reader: &Reader<'_>,
    links: &[Link],
    namespace: &str,
    notes: &mut Vec<String>,
) -> Vec<Value> {
    let items = reader.items("paths");
    let listed = !items.is_empty();
    let readers: Vec<&Reader<'_>> = if listed { items.iter().collect() } else { vec![reader] };
    let mut entries: Vec<Entry<'_, '_>> = readers
        .into_iter()
        .map(|reader| {
            let id = read_text(reader.members(), "_linkedService");
            let peer = id.and_then(|id| links.iter().find(|link| link.peer.id == id)).map(|link| &link.peer);
            Entry { reader, peer }
        })
        .collect();
    assign(reader, &mut entries, links);
    check_namespaces(reader, &entries, namespace);
    let paths: Vec<Value> = entries.iter().filter_map(|entry| render(entry, listed, notes)).collect();
    if paths.is_empty() {
        let hint = "link the ingress to a service, or give a path its serviceName and servicePort";
        reader.findings().error("path_missing", "paths", "no path leads to a service", hint);
    }
    paths
}

/// Gives every link without a `_linkedService` its path: the one its handle names, else the first free one.
fn assign<'r>(reader: &Reader<'_>, entries: &mut [Entry<'_, 'r>], links: &'r [Link]) {
    for link in links.iter().filter(|link| link.is(ROLE, DeclaredBy::Node)) {
        let leads_there = |entry: &Entry<'_, '_>| entry.peer.is_some_and(|peer| peer.id == link.peer.id);
        let named = entries.iter().position(|entry| entry.has_id(link));
        if named.is_none() && entries.iter().any(leads_there) {
            continue;
        }
        // A path that names the very service by hand is its path as well.
        let by_hand = |entry: &Entry<'_, '_>| {
            entry.peer.is_none()
                && read_text(entry.reader.members(), "serviceName") == Some(&link.peer.facts.name)
        };
        let at = named
            .or_else(|| entries.iter().position(by_hand))
            .or_else(|| entries.iter().position(Entry::is_free));
        match at.and_then(|at| entries.get_mut(at)) {
            Some(entry) if entry.is_free() || by_hand(entry) => entry.peer = Some(&link.peer),
            Some(_) => {}
            None => {
                let message = format!("no path is left for service {}", link.peer.facts.name);
                reader.findings().warning("link_unused", "paths", message, "add a path for it");
            }
        }
    }
}

fn check_namespaces(reader: &Reader<'_>, entries: &[Entry<'_, '_>], namespace: &str) {
    for facts in entries.iter().filter_map(|entry| entry.peer).map(|peer| &peer.facts) {
        if !facts.namespace.is_empty() && facts.namespace != namespace {
            let message = format_args!(
                "service {} is in namespace {}, the ingress in {namespace}",
                facts.name, facts.namespace
            );
            reader.warning(
                "namespace",
                "differs",
                message,
                "an ingress reaches only services of its own namespace",
            );
        }
    }
}

fn render(entry: &Entry<'_, '_>, listed: bool, notes: &mut Vec<String>) -> Option<Value> {
    let reader = entry.reader;
    let path = reader.checked("path", check::absolute_path).unwrap_or("/");
    let kind = reader.choice("pathType", &TYPES).unwrap_or("Prefix");
    let own = reader.checked("serviceName", check::dns_subdomain);
    let own_port = port(reader);
    let name = entry.peer.map(|peer| peer.facts.name.as_str()).or(own);
    let theirs = entry.peer.and_then(|peer| peer.facts.port);
    // Only the flat form has a default; an entry of the list without a port is one that isn't finished.
    let default = (!listed && reader.get("servicePort").is_none()).then_some(DEFAULT_PORT);
    let port = own_port.clone().or_else(|| theirs.or(default).map(Value::from));
    note(entry, path, own, own_port.as_ref(), notes);
    let (Some(name), Some(port)) = (name, port) else {
        if listed && reader.get("servicePort").is_none_or(|_| own_port.is_some()) {
            let what = if name.is_none() { "service" } else { "port" };
            let message = format!("path {path} has no {what} and is left out");
            reader.findings().warning(
                "path_unused",
                reader.field(""),
                message,
                "link it to a service, or remove it",
            );
        }
        return None;
    };
    let key = if port.is_string() { "name" } else { "number" };
    let service = Tree::new().set("name", name).set("port", Tree::new().set(key, port));
    let backend = Tree::new().set("service", service);
    Some(Tree::new().set("path", path).set("pathType", kind).set("backend", backend).into())
}

/// What a link gave, and what of it does not fit.
fn note(
    entry: &Entry<'_, '_>,
    path: &str,
    own: Option<&str>,
    own_port: Option<&Value>,
    notes: &mut Vec<String>,
) {
    let Some(peer) = entry.peer else { return };
    match own {
        Some(stale) if stale != peer.facts.name => {
            notes.push(format!("path {path}: service {stale} is now named {}", peer.facts.name));
        }
        None => notes.push(format!("path {path}: service {}", peer.facts.name)),
        Some(_) => {}
    }
    let theirs = &peer.facts.ports;
    match (own_port.and_then(Value::as_i64), theirs.first()) {
        (None, Some(first)) if own_port.is_none() => notes.push(format!("path {path}: servicePort {first}")),
        (Some(port), Some(first)) if !theirs.contains(&port) => {
            let message = format_args!("service {} has no port {port}", peer.facts.name);
            entry.reader.warning("servicePort", "unknown", message, format!("use {first}"));
        }
        _ => {}
    }
}

/// A number, or the name of a port of the service.
fn port(reader: &Reader<'_>) -> Option<Value> {
    match reader.get("servicePort")? {
        Value::String(_) => reader.checked("servicePort", check::port_name).map(Value::from),
        _ => reader.integer("servicePort", 1..=65535).map(Value::from),
    }
}
