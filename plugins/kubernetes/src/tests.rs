//! Goldens: every input of `tests/golden` goes through the same JSON bytes as in the sandbox.
//!
//! `NAME.input.json` is the request and `NAME.golden.json` the answer; hosts run the same files against the component.
//! `KUBEORCH_BLESS=1` rewrites the answers.

use std::{collections::BTreeSet, fs, path::PathBuf};

use kubeorch_plugin_sdk::{
    Collection, NodeTypes,
    testing::{Call, ask, compare, goldens},
};
use serde_json::{Value, json};

use crate::Kubernetes;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn requests(folder: &str) -> Vec<Value> {
    let paths = fs::read_dir(golden(folder)).unwrap().map(|entry| entry.unwrap().path());
    let inputs = paths.filter(|path| path.to_string_lossy().ends_with(".input.json"));
    inputs.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

#[track_caller]
fn check(question: Call, folder: &str) {
    match goldens::<Kubernetes>(question, &golden(folder)) {
        Ok(cases) => assert!(cases > 0),
        Err(differences) => panic!("{differences}"),
    }
}

#[test]
fn renders() {
    check(Call::Render, "render");
}

#[test]
fn facts() {
    check(Call::Facts, "facts");
}

#[test]
fn statuses() {
    check(Call::Status, "status");
}

#[test]
fn catalog() {
    let answer = ask::<Kubernetes>(Call::ListTypes, &Value::Null).unwrap();
    compare(&answer, &golden("catalog.golden.json")).unwrap();
}

#[test]
fn validating_answers_what_rendering_finds() {
    for request in requests("render") {
        let (validated, rendered) =
            (ask::<Kubernetes>(Call::Validate, &request), ask::<Kubernetes>(Call::Render, &request));
        assert_eq!(validated.map(|it| it["findings"].clone()), rendered.map(|it| it["findings"].clone()));
    }
}

#[test]
fn every_type_has_a_minimal_a_maximal_and_a_bad_case() {
    for node_type in Kubernetes::NODE_TYPES {
        for case in ["minimal", "maximal", "bad"] {
            let file = golden(&format!("render/{}_{case}.input.json", node_type.name()));
            assert!(file.exists(), "{}", file.display());
        }
    }
}

/// The maximal case of a type fills in every parameter its descriptor lists.
#[test]
fn maximal_cases_use_every_parameter() {
    for descriptor in Kubernetes::catalog().node_types {
        let file = golden(&format!("render/{}_maximal.input.json", descriptor.name));
        let request: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let parameters = descriptor.parameters["properties"].as_object().unwrap();
        let missing: Vec<_> =
            parameters.keys().filter(|key| request["node"]["data"].get(key).is_none()).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", descriptor.name);
    }
}

/// Objects carry a name, a namespace and the labels by which KubeOrch finds them, and are of a kind the type declared.
#[test]
fn objects_follow_the_conventions() {
    let catalog = Kubernetes::catalog();
    for request in requests("render") {
        let Ok(answer) = ask::<Kubernetes>(Call::Render, &request) else { continue };
        let descriptor = catalog.node_types.iter().find(|it| it.name == request["node"]["type"]).unwrap();
        for out in answer["objects"].as_array().unwrap() {
            let object = &out["object"];
            let kind = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
            assert!(
                descriptor.kinds.iter().any(|it| (it.api_version.as_str(), it.kind.as_str()) == kind),
                "{kind:?}"
            );
            let metadata = &object["metadata"];
            assert!(metadata["name"].is_string() && metadata["namespace"].is_string());
            assert!(metadata["labels"]["app"].is_string());
            assert_eq!(metadata["labels"]["managed-by"], "kubeorch");
        }
    }
}

/// A freshly dropped node may be incomplete, but nothing in it may be of the wrong type.
#[test]
fn start_data_has_no_wrong_values() {
    for descriptor in Kubernetes::catalog().node_types {
        let start = serde_json::to_string(&descriptor.start).unwrap().replace("<n>", "1");
        let data: Value = serde_json::from_str(&start).unwrap();
        let request = json!({ "node": { "id": "node-1", "type": descriptor.name, "data": data } });
        let findings = ask::<Kubernetes>(Call::Validate, &request).unwrap()["findings"].clone();
        let codes: BTreeSet<_> =
            findings.as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect();
        let bad: Vec<_> = codes
            .iter()
            .filter(|code| ["_type", "_invalid", "_range"].iter().any(|end| code.ends_with(end)))
            .collect();
        assert!(bad.is_empty(), "{}: {bad:?}", descriptor.name);
    }
}

/// Any member of any type of value is a finding at most, never a panic or a failure.
#[test]
fn no_value_of_any_parameter_breaks_a_call() {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("ä/x"),
        json!([]),
        json!([null, 1, "", {}]),
        json!({}),
        json!({ "": null, "a": [] }),
    ];
    for descriptor in Kubernetes::catalog().node_types {
        let parameters = descriptor.parameters["properties"].as_object().unwrap();
        for (key, value) in parameters.keys().flat_map(|key| values.iter().map(move |value| (key, value))) {
            let node = json!({ "id": "n", "type": descriptor.name, "data": { key: value } });
            ask::<Kubernetes>(Call::Render, &json!({ "node": node })).unwrap();
            ask::<Kubernetes>(Call::Facts, &json!({ "node": node })).unwrap();
            ask::<Kubernetes>(
                Call::Status,
                &json!({ "node": node, "objects": [value], "observed": [value] }),
            )
            .unwrap();
        }
    }
}

#[test]
fn broken_requests_are_failures() {
    for (call, request) in
        [(Call::Render, json!({})), (Call::Facts, json!([])), (Call::Status, json!({ "node": 1 }))]
    {
        assert_eq!(ask::<Kubernetes>(call, &request).unwrap_err().code, "request.invalid");
    }
}
