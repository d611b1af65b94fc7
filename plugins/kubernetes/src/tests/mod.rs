//! Goldens: every input of `tests/golden` goes through the same JSON bytes as in the sandbox.
//!
//! `NAME.input.json` is the request and `NAME.golden.json` the answer; hosts run the same files against the component.
//! `KUBEORCH_BLESS=1` rewrites the answers.

mod openapi;

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
    named_requests(folder).into_iter().map(|(_, request)| request).collect()
}

/// Every request of a folder, with the name of its case.
fn named_requests(folder: &str) -> Vec<(String, Value)> {
    let paths = fs::read_dir(golden(folder)).unwrap().map(|entry| entry.unwrap().path());
    let case = |path: &PathBuf| path.file_name()?.to_str()?.strip_suffix(".input.json").map(str::to_owned);
    let inputs = paths.filter_map(|path| Some((case(&path)?, path)));
    inputs.map(|(case, path)| (case, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())).collect()
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

/// The maximal case of a type fills in every parameter its descriptor lists, and the members of parameters that have
/// some are filled in by one of its cases.
#[test]
fn cases_use_every_parameter() {
    let requests = named_requests("render");
    let mut all = Vec::new();
    for descriptor in Kubernetes::catalog().node_types {
        let of_type: Vec<_> =
            requests.iter().filter(|(_, it)| it["node"]["type"] == descriptor.name).collect();
        let (_, maximal) =
            of_type.iter().find(|(case, _)| *case == format!("{}_maximal", descriptor.name)).unwrap();
        let parameters = descriptor.parameters["properties"].as_object().unwrap();
        let data = &maximal["node"]["data"];
        let mut missing: Vec<_> = parameters
            .keys()
            .filter(|key| data.get(key).is_none())
            .map(|key| format!(".{key} (maximal)"))
            .collect();
        let used: Vec<_> = of_type.iter().map(|(_, request)| &request["node"]["data"]).collect();
        unused(&descriptor.parameters, &used, "", &mut missing);
        all.extend(missing.into_iter().map(|path| format!("{}{path}", descriptor.name)));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// The members of a schema that none of the values has.
fn unused(schema: &Value, values: &[&Value], path: &str, missing: &mut Vec<String>) {
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let (path, values) =
            (format!("{path}.{key}"), inside(values, |value| value.get(key).into_iter().collect()));
        if values.is_empty() {
            missing.push(path);
        } else {
            unused(inner, &values, &path, missing);
            let items = inside(&values, |value| value.as_array().into_iter().flatten().collect());
            unused(&inner["items"], &items, &path, missing);
        }
    }
}

fn inside<'a>(values: &[&'a Value], part: impl Fn(&'a Value) -> Vec<&'a Value>) -> Vec<&'a Value> {
    values.iter().flat_map(|value| part(value)).filter(|value| !value.is_null()).collect()
}

/// Each type is asked how it fares before it is there and afterwards.
#[test]
fn every_type_has_a_status_absent_and_others() {
    let cases = named_requests("status");
    for node_type in Kubernetes::NODE_TYPES {
        let absent = format!("{}_absent", node_type.name());
        let mut of_type = cases.iter().filter(|(_, it)| it["node"]["type"] == node_type.name());
        assert!(of_type.clone().any(|(case, _)| *case == absent), "{absent}");
        assert!(of_type.any(|(case, _)| *case != absent), "{}", node_type.name());
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
