//! Who is at the other end of a rule.

use std::net::IpAddr;

use kubeorch_plugin_sdk::{Link, Peer, Reader, check, kubernetes::Tree};
use serde_json::Value;

use super::{selector, workload};

const PODS: &str = "podSelector";
const NAMESPACES: &str = "namespaceSelector";
const ADDRESSES: &str = "ipBlock";
pub(super) const TYPES: [&str; 3] = [PODS, NAMESPACES, ADDRESSES];
/// The member that holds the id of the node whose name was copied.
pub(super) const COPIED_FROM: &str = "_linkedWorkload";
/// The label that the API server puts on every namespace.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A peer of a rule; none when a part of it is missing or wrong, which is reported.
pub(super) fn read(
    item: &Reader<'_>,
    links: &[Link],
    namespace: &str,
    notes: &mut Vec<String>,
) -> Option<Tree> {
    let copied = item.get(COPIED_FROM).and_then(Value::as_str).and_then(|id| workload(links, id));
    match kind(item)? {
        ADDRESSES => Some(Tree::new().set(ADDRESSES, addresses(item)?)),
        PODS if copied.is_some_and(|_| is_copy(item)) => {
            let peer = copied?;
            let stale = item.object(PODS).and_then(|it| selector::app_alone(it.members()).map(str::to_owned));
            if let Some(stale) = stale.filter(|stale| *stale != peer.facts.name) {
                notes.push(format!("peer {stale}: {} is now named {}", peer.kind, peer.facts.name));
            }
            Some(of_workload(peer, namespace))
        }
        kind => {
            // Empty selects everything, which nobody means by leaving it out.
            if item.get(kind).is_none() {
                item.error(kind, "missing", format_args!("{kind} is missing"), "give labels, or {} for all");
                return None;
            }
            let own = whole(item, kind)?;
            let other = if kind == PODS { NAMESPACES } else { PODS };
            // An empty one is what an editor leaves behind when the type is changed, and would widen the peer.
            let both = Tree::new().set(kind, own);
            if item.object(other).is_some() { Some(both.set(other, whole(item, other)?)) } else { Some(both) }
        }
    }
}

/// The pods of a workload, wherever they are.
pub(super) fn of_workload(peer: &Peer, namespace: &str) -> Tree {
    let pods = Tree::new().set(PODS, selector::of_labels(&peer.facts.labels));
    let theirs = peer.facts.namespace.as_str();
    if theirs.is_empty() || theirs == namespace {
        return pods;
    }
    let labels = Tree::new().set(NAMESPACE_NAME, theirs);
    pods.set(NAMESPACES, Tree::new().set("matchLabels", labels))
}

/// The type it names, else the member it has.
fn kind(item: &Reader<'_>) -> Option<&'static str> {
    if item.get("type").is_some() {
        return item.choice("type", &TYPES);
    }
    let found = TYPES.into_iter().find(|kind| item.get(kind).is_some());
    if found.is_none() {
        let hint = format!("use one of {}", TYPES.join(", "));
        item.error("type", "missing", "the peer does not say who it is", hint);
    }
    found
}

/// Whether the pods are selected by nothing but a copied name.
fn is_copy(item: &Reader<'_>) -> bool {
    item.object(PODS).is_none_or(|it| selector::app_alone(it.members()).is_some())
        && item.object(NAMESPACES).is_none()
}

/// A selector without loss: what is wrong in it must not widen it.
fn whole(item: &Reader<'_>, key: &str) -> Option<Tree> {
    let given = item.get(key)?.as_object();
    let Some(given) = given else {
        // Reports the type.
        item.object(key);
        return None;
    };
    let read = selector::read(item, key).unwrap_or_default();
    let size = |value: &Value| {
        value.as_object().map(serde_json::Map::len).or_else(|| value.as_array().map(Vec::len))
    };
    let rendered = Value::from(read.clone());
    let parts = |key: &str| rendered.get(key).and_then(size).unwrap_or(0);
    let own_form =
        ["matchLabels", "matchExpressions"].into_iter().any(|part| given.get(part).and_then(size).is_some());
    let wanted = if own_form {
        ["matchLabels", "matchExpressions"]
            .into_iter()
            .filter_map(|part| given.get(part).and_then(size))
            .sum()
    } else {
        given.values().filter(|value| !value.is_null()).count()
    };
    (parts("matchLabels") + parts("matchExpressions") == wanted).then_some(read)
}

fn addresses(item: &Reader<'_>) -> Option<Tree> {
    let Some(block) = item.object(ADDRESSES) else {
        item.error(
            ADDRESSES,
            "missing",
            "the block of addresses is missing",
            "give cidr, for example 10.0.0.0/8",
        );
        return None;
    };
    let cidr =
        block.required_text("cidr", "give it as 10.0.0.0/8").and_then(|_| block.checked("cidr", check::cidr));
    let except = block.checked_texts("except", check::cidr);
    for inner in cidr.iter().flat_map(|cidr| except.iter().filter(|inner| !lies_in(inner, cidr))) {
        let message = format_args!("{inner} is no part of {}", cidr.unwrap_or_default());
        block.error("except", "outside", message, "except only what the block contains, and not all of it");
    }
    Some(Tree::new().set("cidr", cidr?).set_filled("except", except))
}

/// Whether a block lies inside another and is smaller, as the API server wants it.
fn lies_in(inner: &str, outer: &str) -> bool {
    let parse = |text: &str| -> Option<(IpAddr, u32)> {
        let (address, length) = text.split_once('/')?;
        Some((address.parse().ok()?, length.parse().ok()?))
    };
    let (Some((inner, longer)), Some((outer, length))) = (parse(inner), parse(outer)) else { return false };
    let (inner, outer, bits) = match (inner, outer) {
        (IpAddr::V4(inner), IpAddr::V4(outer)) => {
            (u128::from(inner.to_bits()), u128::from(outer.to_bits()), 32)
        }
        (IpAddr::V6(inner), IpAddr::V6(outer)) => (inner.to_bits(), outer.to_bits(), 128),
        _ => return false,
    };
    let prefix = |address: u128| address.checked_shr(bits - length).unwrap_or(0);
    longer > length && prefix(inner) == prefix(outer)
}
