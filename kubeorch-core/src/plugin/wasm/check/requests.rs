//! What a plugin is asked: good nodes, strange nodes, and bytes that are no request at all.

use serde_json::{Map, Value, json};

use crate::plugin::NodeType;

/// A text that is longer than any name.
const LONG: usize = 64 * 1024;

/// Levels of a document that no parser follows; one that recurses without a bound runs out of stack.
const DEEP: usize = 100_000;

/// Characters that are cut, sorted or drawn wrongly by code that takes text for bytes: wide, combining, from right to
/// left, outside the basic plane, and a control character.
const STRANGE: &str = "名前 e\u{301} \u{202e}abc 🙂\u{200d}🙂 \u{7}";

/// The functions that take a request.
pub(super) const ASKED: [&str; 4] = ["facts", "validate", "render", "status"];

/// Bytes that every function must refuse, with what they are. `most` is what a request may have.
pub(super) fn malformed(most: usize) -> Vec<(&'static str, Vec<u8>)> {
    let levels = DEEP.min(most / 4);
    vec![
        ("an empty request", Vec::new()),
        ("half a document", b"{\"node\": {\"id\": ".to_vec()),
        ("bytes that are not UTF-8", b"{\"node\": \"\xff\xfe\"}".to_vec()),
        ("a list", b"[]".to_vec()),
        ("a document without a node", b"{}".to_vec()),
        ("lists nested as deep as a request can hold", [vec![b'['; levels], vec![b']'; levels]].concat()),
    ]
}

/// Data that a user, a generator or an attacker may give a node of the type, with what it is. Each must be answered:
/// what is wrong with it is for the findings to say. `most` is what a request may have.
pub(super) fn data(node_type: &NodeType, most: usize) -> Vec<(&'static str, Map<String, Value>)> {
    let properties = node_type.parameters.get("properties").and_then(Value::as_object);
    let fill = |value: &dyn Fn(&Value) -> Value| {
        let properties = properties.into_iter().flatten();
        properties.map(|(name, schema)| (name.clone(), value(schema))).collect::<Map<_, _>>()
    };
    let long = "x".repeat(LONG.min(most / 4 / (1 + properties.map_or(0, Map::len))));
    vec![
        ("the data of a fresh node", node_type.start.clone()),
        ("no data", Map::new()),
        ("a null in every field", fill(&|_| Value::Null)),
        ("the wrong type in every field", fill(&wrong)),
        ("strange characters", fill(&|schema| text_or(schema, STRANGE))),
        ("a long text in every field", fill(&|schema| text_or(schema, &long))),
    ]
}

fn wrong(schema: &Value) -> Value {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!(-1.5),
        Some("object") => json!(["x", 1]),
        Some("array") => json!({ "a": { "b": null } }),
        _ => json!("x"),
    }
}

/// The text where a text may stand, also inside lists and maps; elsewhere the largest whole number.
fn text_or(schema: &Value, text: &str) -> Value {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") | None => text.into(),
        Some("array") => json!([text]),
        Some("object") => json!({ text: text }),
        _ => i64::MAX.into(),
    }
}

/// A request of a function about a node.
pub(super) fn request(function: &str, node_type: &str, data: &Map<String, Value>) -> Value {
    let node = json!({ "id": "n1", "type": node_type, "data": data });
    match function {
        "facts" => json!({ "node": node }),
        "status" => json!({ "node": node, "objects": [], "observed": [], "desired": [] }),
        _ => json!({ "node": node, "links": [] }),
    }
}

/// The same with members that a later release may add.
pub(super) fn with_more(request: &Value) -> Value {
    let mut request = request.clone();
    for object in [&mut request].into_iter().filter_map(Value::as_object_mut) {
        object.insert("later".into(), json!({ "since": "9.0.0", "list": [1, null] }));
        if let Some(Value::Object(node)) = object.get_mut("node") {
            node.insert("later".into(), json!(true));
        }
    }
    request
}

/// A node with a neighbour whose type it has never heard of.
pub(super) fn with_stranger(request: &Value) -> Value {
    let mut request = request.clone();
    request["links"] = json!([{
        "role": null, "declaredBy": null, "direction": "out",
        "edge": { "id": "e1", "source": "n1", "target": "n2" },
        "peer": { "id": "n2", "type": "check-stranger", "traits": ["check-stranger"],
                  "facts": { "name": "stranger", "namespace": "default", "kind": "Stranger", "apiVersion": "v1" } },
    }]);
    request
}

/// The request, padded to a number of bytes by a member that nobody knows.
pub(super) fn padded(request: &Value, size: usize) -> Vec<u8> {
    let bare = request.to_string();
    let (head, tail) = ("{\"padding\":\"", "\",");
    let pad = size.saturating_sub(bare.len() - 1 + head.len() + tail.len());
    let rest = bare.strip_prefix('{').unwrap_or_default();
    format!("{head}{}{tail}{rest}", "p".repeat(pad)).into_bytes()
}
