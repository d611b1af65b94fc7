//! Every decoder of what a guest answers, for fuzzers: the guest is left out, its bytes are what counts.

use serde_json::json;

use super::Limits;
use super::answer::{analyzer, fix, node_types, step};
use crate::plugin::step::Step;
use crate::plugin::{Catalog, NodeType};

/// Takes bytes for an answer of every export of every world and says how many of them would take it. Never panics.
pub fn decode_answers(bytes: &[u8], limits: &Limits) -> usize {
    let accepted = [
        node_types::catalog(bytes, limits).is_ok(),
        node_types::facts(bytes).is_ok(),
        node_types::findings(bytes, "node-1", limits).is_ok(),
        node_type()
            .is_some_and(|node_type| node_types::rendered(bytes, "node-1", &node_type, limits).is_ok()),
        node_types::status(bytes).is_ok(),
        step::catalog(bytes, limits, None).is_ok(),
        step::response(bytes, &Step::default()).is_ok(),
        analyzer::catalog(bytes).is_ok(),
        analyzer::detected(bytes).is_ok(),
        analyzer::analysis(bytes, limits).is_ok(),
        // What a plugin may find is in its catalog, so one answer is read as both.
        fix::catalog(bytes).is_ok_and(|catalog| fix::diagnosis(bytes, &catalog, limits).is_ok()),
        fix::template(bytes).is_ok(),
        fix::proposal(bytes, &[]).is_ok(),
    ];
    accepted.into_iter().filter(|accepted| *accepted).count()
}

/// One that may render the objects that most corpora begin with.
fn node_type() -> Option<NodeType> {
    let catalog = json!({
        "plugin": { "id": "fuzz", "name": "fuzz", "version": "0.1.0" },
        "nodeTypes": [{
            "name": "thing",
            "rank": 10,
            "kinds": [{ "apiVersion": "v1", "kind": "ConfigMap", "namespaced": true }],
            "parameters": { "type": "object" },
        }],
    });
    serde_json::from_value::<Catalog>(catalog).ok()?.node_types.pop()
}
