//! What live objects say: goldens of each node type, with cases made from its rule.

use kubeorch_plugin_sdk::testing::{Call, ask, compare};
use serde_json::{Map, Value, json};

use super::{node_types, path};
use crate::CrdCatalog;
use crate::model::NodeType;

fn answer(node_type: &NodeType, objects: &[Value]) -> Value {
    let node = json!({ "id": "n", "type": node_type.name, "data": { "name": "main" } });
    ask::<CrdCatalog>(Call::Status, &json!({ "node": node, "objects": objects })).unwrap()
}

/// A live object; `set` are members by their dotted path.
fn object(node_type: &NodeType, set: &[(&str, Value)]) -> Value {
    let mut object = json!({ "apiVersion": node_type.api_version, "kind": node_type.kind,
        "metadata": { "name": "main", "generation": 2 } });
    for (path, value) in set {
        let target = path.split('.').fold(&mut object, |at, key| &mut at[key]);
        target.clone_from(value);
    }
    object
}

fn condition(kind: &str, status: &str) -> Value {
    json!([{ "type": kind, "status": status, "reason": "Because", "message": "as it says" }])
}

fn cases(node_type: &NodeType) -> Vec<(String, Vec<Value>)> {
    let rule = &node_type.status;
    let deleted = ("metadata.deletionTimestamp", json!("2026-01-01T00:00:00Z"));
    let mut cases = vec![
        ("absent".to_owned(), Vec::new()),
        ("bare".to_owned(), vec![object(node_type, &[])]),
        ("deleting".to_owned(), vec![object(node_type, &[deleted])]),
    ];
    if rule.silent {
        return cases;
    }
    let mut add = |name: String, set: &[(&str, Value)]| cases.push((name, vec![object(node_type, set)]));
    let ready = rule.ready.first().map_or("Ready", String::as_str);
    let conditions = |status: &str| ("status.conditions", condition(ready, status));
    add("unseen".to_owned(), &[conditions("True"), ("status.observedGeneration", json!(1))]);
    add(format!("{ready} True"), &[conditions("True"), ("status.observedGeneration", json!(2))]);
    for status in ["False", "Unknown"] {
        add(format!("{ready} {status}"), &[conditions(status)]);
    }
    for failed in &rule.failed {
        add(format!("{failed} True"), &[("status.conditions", condition(failed, "True"))]);
    }
    if let Some(phase) = &rule.phase {
        for word in phase.ready.iter().chain(&phase.failed).map(String::as_str).chain(["Something"]) {
            add(format!("phase {word}"), &[(&phase.path, word.into())]);
        }
    }
    let members: Vec<_> = rule.members.values().map(|path| (path.as_str().unwrap(), json!("told"))).collect();
    if !members.is_empty() {
        add("members".to_owned(), &members);
    }
    cases
}

#[test]
fn goldens() {
    let mut differences = Vec::new();
    for node_type in node_types() {
        let golden: Map<String, Value> = cases(&node_type)
            .into_iter()
            .map(|(name, objects)| (name, answer(&node_type, &objects)))
            .collect();
        let file = path(&format!("golden/status/{}.json", node_type.name));
        differences.extend(
            compare(&Value::Object(golden), &file).err().map(|it| format!("{}: {it}", file.display())),
        );
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A node whose state can never be ready would keep every run waiting.
#[test]
fn every_type_can_get_ready() {
    for node_type in node_types() {
        let answers = cases(&node_type).into_iter().map(|(_, objects)| answer(&node_type, &objects));
        assert!(answers.into_iter().any(|answer| answer["phase"] == "ready"), "{}", node_type.name);
    }
}

#[test]
fn states_are_those_of_the_contract() {
    let states = ["healthy", "partial", "error", "pending", "running", "completed", "failed", "created"];
    for node_type in node_types() {
        for (name, objects) in cases(&node_type) {
            let answer = answer(&node_type, &objects);
            let state = answer["status"]["state"].as_str().unwrap();
            assert!(states.contains(&state), "{} {name}: {state}", node_type.name);
            assert!(answer["status"]["message"].as_str().is_some_and(|text| !text.is_empty()));
        }
    }
}
