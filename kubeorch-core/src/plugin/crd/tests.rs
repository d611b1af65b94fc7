use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::manifest::Object;
use crate::plugin::fake::{Type, Types};
use crate::plugin::{NodeInput, NodeType, NodeTypes, Phase, RenderRequest, StatusRequest};

fn definition() -> Value {
    let spec = json!({
        "type": "object",
        "description": "A toy.",
        "required": ["size", "name", "paint"],
        "properties": {
            "size": { "type": "integer", "minimum": 1, "maximum": 9 },
            "name": { "type": "string" },
            "paint": { "type": "string", "enum": ["red", "blue"], "default": "red" },
            "ports": { "type": "array", "items": { "x-kubernetes-int-or-string": true } },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "more": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "a": {} } },
        },
    });
    let schema = json!({ "openAPIV3Schema": { "properties": { "spec": spec } } });
    json!({
        "metadata": { "name": "toys.example.org" },
        "spec": {
            "group": "example.org", "scope": "Namespaced", "names": { "plural": "toys", "kind": "Toy" },
            "versions": [
                { "name": "v1alpha1", "served": true, "storage": false },
                { "name": "v1", "served": true, "storage": true, "schema": schema },
                { "name": "v2", "served": false, "storage": false },
            ],
        },
    })
}

fn toy() -> CustomType {
    CustomType::from_definition(&definition(), "custom").unwrap()
}

fn request(data: Value) -> RenderRequest {
    let Value::Object(data) = data else { unreachable!("tests give objects") };
    let node = NodeInput { id: "bear".into(), kind: "toys.example.org".into(), data };
    RenderRequest { node, links: Vec::new() }
}

#[test]
fn a_definition_becomes_a_form() {
    let info = Arc::clone(toy().info());
    assert_eq!(
        (info.name.as_str(), info.title.as_str(), info.description.as_str()),
        ("toys.example.org", "Toy", "A toy.")
    );
    assert_eq!(info.kinds[0].kind.api_version, "example.org/v1");
    let properties = info.parameters["properties"].as_object().unwrap();
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    assert_eq!(names, ["name", "namespace", "size", "paint", "ports", "labels", "more", "spec"]);
    assert_eq!(properties["more"], json!({ "type": "object" }), "what keeps unknown members is open");
}

#[test]
fn definitions_that_cannot_be_used() {
    let change = |path: &str, value: Value| {
        let mut definition = definition();
        *definition.pointer_mut(path).unwrap() = value;
        definition
    };
    for (definition, expected) in [
        (json!({}), "lacks its name, group or kind"),
        (change("/spec/group", json!(1)), "lacks its name, group or kind"),
        (change("/spec/versions", json!([])), "serves no version"),
        (change("/spec/versions", json!([{ "name": "v1", "served": false }])), "serves no version"),
        (change("/spec/scope", "x".repeat(MAX_DEFINITION).into()), "is larger than 4 MiB"),
    ] {
        let error = CustomType::from_definition(&definition, "custom").unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn data_becomes_the_spec() {
    let data = json!({ "name": "ted", "namespace": "nursery", "size": 3, "unknown": 1, "_status": {}, "spec": { "name": "Ted" } });
    let rendered = toy().render(&request(data));
    let object = rendered.objects[0].object.to_value();
    assert_eq!((&object["apiVersion"], &object["kind"]), (&json!("example.org/v1"), &json!("Toy")));
    assert_eq!(
        (&object["metadata"]["name"], &object["metadata"]["namespace"]),
        (&json!("ted"), &json!("nursery"))
    );
    assert_eq!(object["spec"], json!({ "size": 3, "name": "Ted" }));
}

#[test]
fn cluster_scoped_kinds_have_no_namespace() {
    let mut definition = definition();
    definition["spec"]["scope"] = "Cluster".into();
    let custom = CustomType::from_definition(&definition, "custom").unwrap();
    let object = custom.render(&request(json!({ "namespace": "ignored" }))).objects[0].object.to_value();
    assert_eq!((&object["metadata"]["name"], object["metadata"].get("namespace")), (&json!("bear"), None));
}

#[track_caller]
fn check(data: Value, fields: &[&str]) {
    let findings = toy().validate(&request(data));
    let found: Vec<&str> = findings.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(found, fields, "{findings:?}");
}

#[test]
fn everything_wrong_is_found_at_once() {
    let good = json!({ "name": "Ted" });
    check(json!({ "size": 3, "spec": good }), &[]);
    check(
        json!({ "size": 3, "ports": [80, "http"], "labels": { "a": "b" }, "more": { "b": 1 }, "spec": good }),
        &[],
    );
    check(json!({}), &["size", "name"]);
    check(
        json!({ "name": "Not A Name", "namespace": "a b", "size": 0, "spec": good }),
        &["name", "namespace", "size"],
    );
    check(json!({ "size": 10, "paint": "green", "spec": good }), &["size", "paint"]);
    check(
        json!({ "size": "3", "ports": [1.5, {}], "labels": { "a": 1 }, "spec": good }),
        &["size", "ports.0", "ports.1", "labels.a"],
    );
    check(json!({ "size": 3, "ports": {}, "spec": { "name": "Ted", "wheels": 4 } }), &["ports", "wheels"]);
}

/// Pods within pods within pods, as some operators have them.
#[test]
fn a_huge_schema_is_cut_and_what_is_cut_stays_open() {
    let wide = |inner: Value| {
        let properties: serde_json::Map<String, Value> =
            (0..40).map(|at| (format!("m{at}"), inner.clone())).collect();
        json!({ "type": "object", "required": ["m0"], "properties": properties })
    };
    let mut definition = definition();
    let schema = wide(wide(wide(json!({ "type": "string" }))));
    definition["spec"]["versions"][1]["schema"]["openAPIV3Schema"]["properties"]["spec"] = schema;
    let custom = CustomType::from_definition(&definition, "custom").unwrap();
    let form = custom.info().parameters.to_string();
    assert!(form.len() < 200_000, "{}", form.len());
    let findings = custom.validate(&request(json!({ "m0": { "m0": { "anything": [1] } } })));
    assert!(findings.is_empty(), "{findings:?}");
}

#[tokio::test]
async fn custom_types_come_and_go_beside_those_of_plugins() {
    let taken = NodeType { name: "taken".into(), ..NodeType::default() };
    let set = WithCustomTypes::new(Arc::new(Types::new([Type::new(taken)]).unwrap()));
    set.put(toy()).unwrap();
    let mut other = definition();
    other["metadata"]["name"] = "taken".into();
    let refused = set.put(CustomType::from_definition(&other, "custom").unwrap()).unwrap_err();
    assert!(refused.to_string().contains("brought by fake already"), "{refused}");
    let names: Vec<String> = set.list().iter().map(|info| info.name.clone()).collect();
    assert_eq!(names, ["toys.example.org", "taken"]);
    let rendered = set.render(&request(json!({ "size": 1 }))).await.unwrap();
    assert_eq!(rendered.objects.len(), 1);
    assert_eq!(set.facts(&request(json!({ "name": "ted" })).node).await.unwrap().name, "ted");
    assert!(set.remove("toys.example.org") && !set.remove("toys.example.org"));
    assert!(set.render(&request(json!({}))).await.is_err());
}

#[test]
fn states_are_told_by_conditions() {
    let status = |live: Option<Value>| {
        let objects = live.map(|live| Object::new(live).unwrap()).into_iter().collect();
        let node = request(json!({})).node;
        toy().status(&StatusRequest { node, objects, observed: Vec::new(), desired: Vec::new() })
    };
    let live = |conditions: Value| {
        json!({ "apiVersion": "example.org/v1", "kind": "Toy", "metadata": { "name": "bear" },
            "status": { "conditions": conditions } })
    };
    for (object, phase, state) in [
        (None, Phase::Pending, "pending"),
        (Some(live(json!(null))), Phase::Ready, "created"),
        (Some(live(json!([{ "type": "Ready", "status": "True" }]))), Phase::Ready, "healthy"),
        (Some(live(json!([{ "type": "Available", "status": "False" }]))), Phase::Progressing, "partial"),
    ] {
        let status = status(object);
        assert_eq!((status.phase, &status.status["state"]), (phase, &json!(state)));
    }
}
