//! What a user may fill in.

use kubeorch_plugin_sdk::{Parameter, Parameters};
use serde_json::{Value, json};

use super::{peer, rules};
use crate::workload::parameters;

pub(super) fn all() -> Parameters {
    let sides = [rules::INGRESS, rules::EGRESS];
    let types = sides.each_ref().map(|side| side.policy_type);
    let types = Parameter::list("policyTypes", "Restricts", json!({ "type": "string", "enum": types }));
    let rules = |name, title, peers| Parameter::list(name, title, rule(peers));
    parameters::identity("my-networkpolicy")
        .with(Parameter::map("podSelector", "Pods").about(
            "Labels of the pods that are restricted; empty for all of the namespace; filled by links.",
        ))
        .with(
            types.required().default(json!(["Ingress"])).about("Traffic without a matching rule is cut off."),
        )
        .with(rules("ingressRules", "Incoming", "from").about("What may come in; none lets nothing in."))
        .with(rules("egressRules", "Outgoing", "to").about("What may go out; none lets nothing out."))
        .with(parameters::labels("Labels of the network policy."))
}

fn rule(peers: &str) -> Value {
    let labels = |title: &str| json!({ "type": "object", "title": title, "additionalProperties": { "type": "string" } });
    let block = json!({ "type": "object", "title": "Addresses", "required": ["cidr"], "properties": {
        "cidr": { "type": "string", "title": "Block", "description": "10.0.0.0/8" },
        "except": { "type": "array", "title": "Except", "items": { "type": "string" } } } });
    let peer = json!({ "type": "object", "required": ["type"], "properties": {
        "id": { "type": "string" },
        "type": { "type": "string", "title": "Type", "enum": peer::TYPES },
        "podSelector": labels("Labels of pods"),
        "namespaceSelector": labels("Labels of namespaces"),
        "ipBlock": block } });
    let port = json!({ "type": "object", "properties": {
        "id": { "type": "string" },
        "protocol": { "type": "string", "title": "Protocol", "enum": rules::PROTOCOLS, "default": "TCP" },
        "port": { "type": ["integer", "string"], "title": "Port", "description": "A number, or the name of a port; empty for all." } } });
    json!({ "type": "object", "properties": {
        "id": { "type": "string" },
        peers: { "type": "array", "title": "Peers", "items": peer, "description": "None for everybody." },
        "ports": { "type": "array", "title": "Ports", "items": port, "description": "None for every port." } } })
}
