//! Every decoder of what a guest answers, for fuzzers: the guest is left out, its bytes are what counts.

use serde_json::json;

use super::{Limits, answer};
use crate::plugin::{Catalog, NodeType};

/// Takes bytes for an answer of every export and says how many of them would take it. Never panics.
pub fn decode_answers(bytes: &[u8], limits: &Limits) -> usize {
    let accepted = [
        answer::catalog(bytes, limits).is_ok(),
        answer::facts(bytes).is_ok(),
        answer::findings(bytes, "node-1", limits).is_ok(),
        node_type().is_some_and(|node_type| answer::rendered(bytes, "node-1", &node_type, limits).is_ok()),
        answer::status(bytes).is_ok(),
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
