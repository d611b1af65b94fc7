//! Goldens: one file per node type, with every case of its parameters.

use std::collections::BTreeSet;
use std::fs;

use kubeorch_plugin_sdk::testing::{Call, ask, compare};
use serde_json::{Map, Value, json};

use super::{cases, contract, node_types, path, schema};
use crate::CrdCatalog;
use crate::model::NodeType;

fn answer(node_type: &NodeType, data: &Map<String, Value>) -> Value {
    let node = json!({ "id": "node-1", "type": node_type.name, "data": data });
    ask::<CrdCatalog>(Call::Render, &json!({ "node": node })).unwrap()
}

#[test]
fn goldens() {
    let mut differences = Vec::new();
    for node_type in node_types() {
        let mut golden = Map::new();
        for (name, data) in cases::good(&node_type) {
            let answer = answer(&node_type, &data);
            assert_eq!(answer["findings"], json!([]), "{} {name}", node_type.name);
            let objects: Vec<&Value> =
                answer["objects"].as_array().unwrap().iter().map(|out| &out["object"]).collect();
            golden.insert(name, json!({ "data": data, "objects": objects }));
        }
        for ((name, data), field) in cases::bad(&node_type) {
            let findings = answer(&node_type, &data)["findings"].clone();
            let named = findings
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it["field"] == field && it["severity"] == "error");
            assert!(named, "{} {name}: {findings}", node_type.name);
            golden.insert(name, json!({ "data": data, "findings": findings }));
        }
        let file = path(&format!("golden/render/{}.json", node_type.name));
        differences.extend(
            compare(&Value::Object(golden), &file).err().map(|it| format!("{}: {it}", file.display())),
        );
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Each field of the contract has a case that fills it in well and one that does not.
#[test]
fn every_field_of_the_contract_has_goldens() {
    let mut missing = Vec::new();
    for (name, fields) in contract::fields() {
        let text = fs::read_to_string(path(&format!("golden/render/{name}.json"))).unwrap();
        let golden: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let pointed: BTreeSet<String> = golden
            .values()
            .flat_map(|case| case["findings"].as_array().into_iter().flatten())
            .filter_map(|finding| Some(finding["field"].as_str()?.split('.').next()?.to_owned()))
            .collect();
        for field in fields.into_iter().chain(["name".to_owned()]) {
            let filled = golden
                .values()
                .any(|case| case.get("objects").is_some() && case["data"].get(&field).is_some());
            // A text without a rule can only be of the wrong type, which its cases hold as well.
            if !filled || !pointed.contains(&field) {
                missing.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join(", "));
}

/// Goldens of node types that are gone would only mislead.
#[test]
fn no_golden_is_left_over() {
    let names: BTreeSet<String> = node_types().into_iter().map(|node_type| node_type.name).collect();
    for folder in ["golden/render", "golden/status"] {
        for entry in fs::read_dir(path(folder)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            assert!(names.contains(file.trim_end_matches(".json")), "{folder}/{file}");
        }
    }
}

#[test]
fn objects_fit_the_schemas() {
    let schemas = schema::all();
    let mut problems = Vec::new();
    for node_type in node_types() {
        for (name, data) in cases::good(&node_type) {
            for out in answer(&node_type, &data)["objects"].as_array().unwrap() {
                let found = schema::problems(&schemas, &out["object"]);
                problems.extend(found.into_iter().map(|it| format!("{} {name}: {it}", node_type.name)));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn metadata_follows_the_contract() {
    for entry in super::entries() {
        for node_type in &entry.node_types {
            let (_, data) = cases::good(node_type).swap_remove(0);
            for out in answer(node_type, &data)["objects"].as_array().unwrap() {
                let metadata = &out["object"]["metadata"];
                let namespace = (!node_type.cluster_scoped).then_some(node_type.namespace.as_str());
                assert_eq!(metadata["namespace"].as_str(), namespace, "{}", node_type.name);
                let labels = &metadata["labels"];
                assert_eq!(labels["app.kubernetes.io/managed-by"], "kubeorch");
                assert_eq!(labels["kubeorch.io/plugin"], entry.id.as_str());
                assert_eq!(labels["kubeorch.io/node-type"], node_type.name.as_str());
            }
        }
    }
}

/// As an object, and as a form's text area leaves it: JSON, or nothing.
#[test]
fn more_of_the_spec_goes_over_the_template() {
    let more = json!({ "tasks": [{ "name": "mine" }], "timeouts": { "pipeline": "1h" } });
    let text = more.to_string();
    for (given, expected, field) in [
        (more.clone(), Some(&more), None),
        (text.into(), Some(&more), None),
        (json!(" "), None, None),
        (json!("tasks: []"), None, Some("spec")),
        (json!([1]), None, Some("spec")),
    ] {
        let data = json!({ "name": "p", "spec": given });
        let node = json!({ "id": "n", "type": "tekton-pipeline", "data": data });
        let answer = ask::<CrdCatalog>(Call::Render, &json!({ "node": node })).unwrap();
        assert_eq!(answer["findings"][0]["field"].as_str(), field, "{data}");
        let spec = &answer["objects"][0]["object"]["spec"];
        assert_eq!(spec.get("timeouts"), expected.map(|more| &more["timeouts"]), "{data}");
        assert_eq!(spec["tasks"] == more["tasks"], expected.is_some(), "{data}");
    }
}

/// A linked node fills in what is empty and leaves alone what is given.
#[test]
fn links_fill_in_empty_fields() {
    let peer = json!({ "id": "k", "type": "kafka-cluster", "traits": [], "facts": { "name": "events" } });
    let link = json!({ "role": "uses", "declaredBy": "self", "direction": "in", "peer": peer });
    for (given, expected, notes) in [
        (json!({ "name": "t" }), "events", json!(["clusterName is taken from kafka-cluster events"])),
        (json!({ "name": "t", "clusterName": "other" }), "other", json!([])),
    ] {
        let node = json!({ "id": "n", "type": "kafka-topic", "data": given });
        let answer = ask::<CrdCatalog>(Call::Render, &json!({ "node": node, "links": [link] })).unwrap();
        assert_eq!(answer["findings"], json!([]));
        assert_eq!(answer["objects"][0]["object"]["metadata"]["labels"]["strimzi.io/cluster"], expected);
        assert_eq!(answer["notes"], notes);
    }
}
