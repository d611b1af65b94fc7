//! What a person reads when one node's data has changed.

use serde_json::{Value, json};

use crate::graph::{Graph, diff};

fn graph(data: &Value) -> Graph {
    serde_json::from_value(json!({"nodes": [{"id": "a", "type": "t", "data": data}]})).unwrap()
}

#[test]
fn changes_read_like_this() {
    for (old, new, expected) in [
        (json!({"replicas": 1}), json!({"replicas": 1.0}), &[][..]),
        (json!({"replicas": 1}), json!({"replicas": 3}), &["replicas: 1 -> 3"]),
        (json!({}), json!({"port": null}), &["port: - -> null"]),
        (json!({"_status": 1, "parameters": {}}), json!({"_linkedService": "b"}), &[]),
        (
            json!({"labels": {"app.kubernetes.io/name": "a"}}),
            json!({"labels": {"tier": "web"}}),
            &["labels[app.kubernetes.io/name]: \"a\" -> -", "labels.tier: - -> \"web\""],
        ),
        (
            json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}),
            json!({"env": [{"name": "C", "value": "0"}, {"name": "A", "value": "9"}]}),
            &[
                "env[name=A].value: \"1\" -> \"9\"",
                "env[name=B]: {\"name\":\"B\",\"value\":\"2\"} -> -",
                "env[name=C]: - -> {\"name\":\"C\",\"value\":\"0\"}",
            ],
        ),
        // Items in another order: only the whole list shows it.
        (
            json!({"env": [{"name": "A"}, {"name": "B"}]}),
            json!({"env": [{"name": "B"}, {"name": "A"}]}),
            &["env: [{\"name\":\"A\"},{\"name\":\"B\"}] -> [{\"name\":\"B\"},{\"name\":\"A\"}]"],
        ),
        (json!({"ports": [{"port": 1}]}), json!({"ports": [{"port": 2}]}), &["ports[0].port: 1 -> 2"]),
        (json!({"args": ["a", "b"]}), json!({"args": ["a", "c"]}), &["args[1]: \"b\" -> \"c\""]),
        (json!({"args": ["a", "b"]}), json!({"args": ["b"]}), &["args: [\"a\",\"b\"] -> [\"b\"]"]),
        (json!({"x": {"y": 1}}), json!({"x": [1]}), &["x: {\"y\":1} -> [1]"]),
    ] {
        let (before, after) = (graph(&old), graph(&new));
        let text = |value: Option<&Value>| value.map_or_else(|| "-".to_owned(), Value::to_string);
        let diff = diff(&before, &after);
        let changes = diff.modified_nodes.iter().flat_map(|node| &node.changes);
        let shown: Vec<_> = changes
            .map(|change| format!("{}: {} -> {}", change.path, text(change.old), text(change.new)))
            .collect();
        assert_eq!(shown, expected, "{old} / {new}");
    }
}
