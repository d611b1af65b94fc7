//! What is let through.
//!
//! An empty list means everything to Kubernetes: no peers are all peers, no ports are all ports. So whatever is lost
//! on the way must never leave an empty list behind: a rule that lost a part is left out as a whole.

use kubeorch_plugin_sdk::{Link, Node, Reader, check, kubernetes::Tree};
use serde_json::Value;

use super::{own, peer};

/// Incoming or outgoing.
pub(super) struct Side {
    pub(super) policy_type: &'static str,
    /// Where the data keeps its rules.
    rules: &'static str,
    /// Who is at the other end.
    pub(super) peers: &'static str,
    pub(super) adjective: &'static str,
}

pub(super) const INGRESS: Side =
    Side { policy_type: "Ingress", rules: "ingressRules", peers: "from", adjective: "incoming" };
pub(super) const EGRESS: Side =
    Side { policy_type: "Egress", rules: "egressRules", peers: "to", adjective: "outgoing" };
const SIDES: [&Side; 2] = [&INGRESS, &EGRESS];
pub(super) const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// The spec's `policyTypes`: without any, incoming traffic, and outgoing where there are rules for it.
pub(super) fn types(reader: &Reader<'_>) -> Vec<&'static str> {
    const KEY: &str = "policyTypes";
    let has_rules =
        |side: &Side| reader.get(side.rules).and_then(Value::as_array).is_some_and(|it| !it.is_empty());
    if reader.get(KEY).is_none() {
        return if has_rules(&EGRESS) {
            vec![INGRESS.policy_type, EGRESS.policy_type]
        } else {
            vec![INGRESS.policy_type]
        };
    }
    let given = reader.texts(KEY);
    let mut types = Vec::new();
    for text in &given {
        match SIDES.iter().find(|side| side.policy_type == text.trim()) {
            Some(side) if !types.contains(&side.policy_type) => types.push(side.policy_type),
            Some(_) => {}
            None => reader.error(
                KEY,
                "invalid",
                format_args!("policy type {text:?} is not known"),
                "use Ingress, Egress or both",
            ),
        }
    }
    if given.is_empty() && reader.get(KEY).is_some_and(Value::is_array) {
        reader.error(KEY, "missing", "no kind of traffic is restricted", "use Ingress, Egress or both");
    }
    for side in SIDES.iter().filter(|side| has_rules(side) && !types.contains(&side.policy_type)) {
        let message = format_args!(
            "rules for {} traffic have no effect without the type {}",
            side.adjective, side.policy_type
        );
        reader.warning(
            side.rules,
            "unused",
            message,
            format!("add {} to the policy types, or remove the rules", side.policy_type),
        );
    }
    types
}

/// The rules of one side.
pub(super) fn read(
    reader: &Reader<'_>,
    side: &Side,
    links: &[Link],
    namespace: &str,
    notes: &mut Vec<String>,
) -> Vec<Value> {
    let rules = reader.items(side.rules);
    rules.iter().filter_map(|item| rule(item, side, links, namespace, notes)).collect()
}

fn rule(
    item: &Reader<'_>,
    side: &Side,
    links: &[Link],
    namespace: &str,
    notes: &mut Vec<String>,
) -> Option<Value> {
    let listed = item.items(side.peers);
    let mut peers: Vec<Value> =
        listed.iter().filter_map(|it| peer::read(it, links, namespace, notes)).map(Value::from).collect();
    let ports: Vec<Value> = item.items("ports").iter().filter_map(port).map(Value::from).collect();
    let lost = peers.len() != entries(item, side.peers) || ports.len() != entries(item, "ports");
    let id = item.text("id");
    for link in own(links).filter(|link| id.is_some_and(|id| link.touches(id))) {
        let of_workload = Value::from(peer::of_workload(&link.peer, namespace));
        if !peers.contains(&of_workload) {
            notes.push(format!(
                "{} {} {} {}",
                side.adjective, side.peers, link.peer.kind, link.peer.facts.name
            ));
            peers.push(of_workload);
        }
    }
    if lost {
        return None;
    }
    if peers.is_empty() && ports.is_empty() {
        let message = format_args!("the rule lets all {} traffic through", side.adjective);
        item.warning(
            "",
            "rule_allows_all",
            message,
            format!("name peers in {} or ports, if that is not what you want", side.peers),
        );
    }
    Some(Tree::new().set_filled(side.peers, peers).set_filled("ports", ports).into())
}

/// How many entries a list should give; something else than a list gives none of one.
fn entries(item: &Reader<'_>, key: &str) -> usize {
    match item.get(key) {
        None => 0,
        Some(Value::Array(list)) => list.iter().filter(|it| !it.is_null()).count(),
        Some(_) => 1,
    }
}

fn port(item: &Reader<'_>) -> Option<Tree> {
    let known = item.choice("protocol", &PROTOCOLS);
    let protocol = if item.text("protocol").is_some() { known? } else { PROTOCOLS[0] };
    let number = match item.get("port") {
        None => None,
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(Value::String(text)) => Some(match text.trim().parse::<u16>() {
            Ok(number) if number > 0 => Value::from(number),
            _ => item.checked("port", check::port_name)?.into(),
        }),
        Some(_) => Some(item.integer("port", 1..=65535)?.into()),
    };
    Some(Tree::new().set("protocol", protocol).set_some("port", number))
}

/// The ids of all rules, which edges may touch.
pub(super) fn ids<'a>(reader: &Reader<'a>) -> Vec<&'a str> {
    let rules = SIDES.iter().filter_map(|side| reader.get(side.rules)?.as_array()).flatten();
    rules.filter_map(|rule| rule.get("id")?.as_str()).filter(|id| !id.is_empty()).collect()
}

/// The ids of nodes that peers in rules were copied from.
pub(super) fn references(node: &Node) -> Vec<String> {
    let lists = SIDES.iter().map(|side| (side.peers, node.data.get(side.rules).and_then(Value::as_array)));
    let peers = lists.flat_map(|(peers, rules)| {
        let of_rule =
            move |rule: &'_ Value| rule.get(peers).and_then(Value::as_array).cloned().unwrap_or_default();
        rules.into_iter().flatten().flat_map(of_rule)
    });
    peers
        .filter_map(|it| Some(it.get(peer::COPIED_FROM)?.as_str()?.to_owned()))
        .filter(|id| !id.is_empty())
        .collect()
}
