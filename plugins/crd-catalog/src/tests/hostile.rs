//! Whatever data and live objects hold, a call ends in findings, never in a failure or a panic.

use std::collections::BTreeSet;

use kubeorch_plugin_sdk::testing::{Call, ask};
use serde_json::{Map, Value, json};

use super::node_types;
use crate::CrdCatalog;
use crate::model::{NodeType, Rule};

#[test]
fn no_value_of_any_field_breaks_a_call() {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!("ä/x, =, ${name} $name ${"),
        json!([null, 1, "", {}, [[]]]),
        json!({ "": null, "a": [], "=": "" }),
    ];
    for node_type in node_types() {
        let fields =
            node_type.fields.iter().map(|field| field.id.as_str()).chain(["name", "namespace", "spec"]);
        for (field, value) in fields.flat_map(|field| values.iter().map(move |value| (field, value))) {
            let node = json!({ "id": "n", "type": node_type.name, "data": { field: value } });
            ask::<CrdCatalog>(Call::Render, &json!({ "node": node })).unwrap();
            ask::<CrdCatalog>(Call::Facts, &json!({ "node": node })).unwrap();
            let live = json!({ "kind": node_type.kind, "metadata": value, "status": { "conditions": value, "phase": value } });
            for object in [value, &live, &json!({ "kind": node_type.kind, "status": value })] {
                ask::<CrdCatalog>(Call::Status, &json!({ "node": node, "objects": [object] })).unwrap();
            }
        }
    }
}

/// A value is data in a template, never a template.
#[test]
fn values_are_not_filled_in_again() {
    let data = json!({ "name": "a", "mount": "${path}", "path": "$mount" });
    let node = json!({ "id": "n", "type": "vault-static-secret", "data": data });
    let answer = ask::<CrdCatalog>(Call::Render, &json!({ "node": node })).unwrap();
    let spec = &answer["objects"][0]["object"]["spec"];
    assert_eq!((&spec["mount"], &spec["path"]), (&json!("${path}"), &json!("$mount")));
}

#[test]
fn other_types_are_refused_by_name() {
    let node = json!({ "id": "n", "type": "deployment", "data": {} });
    for call in [Call::Render, Call::Validate, Call::Facts, Call::Status] {
        assert_eq!(ask::<CrdCatalog>(call, &json!({ "node": node })).unwrap_err().code, "node_type.unknown");
    }
}

/// A template that names what no field holds would silently leave it out.
#[test]
fn templates_name_only_what_there_is() {
    for node_type in node_types() {
        let mut used = BTreeSet::new();
        let templates: Map<String, Value> = [&node_type.object, &node_type.labels, &node_type.annotations]
            .into_iter()
            .chain(node_type.companions.iter().flat_map(|it| [&it.object, &it.labels]))
            .enumerate()
            .map(|(at, template)| (at.to_string(), Value::Object(template.clone())))
            .collect();
        let names = node_type.object_name.iter().chain(node_type.companions.iter().map(|it| &it.name));
        names.for_each(|name| collect(&Value::from(name.as_str()), &mut used));
        collect(&Value::Object(templates), &mut used);
        let known = known(&node_type);
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", node_type.name);
        let idle: Vec<_> = node_type
            .fields
            .iter()
            .filter(|field| !used.iter().any(|it| it.starts_with(&field.id)))
            .collect();
        assert!(idle.is_empty(), "{}: {idle:?} are not used", node_type.name);
    }
}

fn known(node_type: &NodeType) -> BTreeSet<String> {
    let urls = node_type.fields.iter().filter(|field| field.check == Some(Rule::Url));
    let fields = node_type.fields.iter().map(|field| field.id.clone());
    fields
        .chain(urls.map(|field| format!("{}Host", field.id)))
        .chain(["name", "namespace", "item"].map(str::to_owned))
        .collect()
}

/// The names in the texts of a template.
fn collect(template: &Value, used: &mut BTreeSet<String>) {
    match template {
        Value::String(text) => {
            used.extend(
                text.strip_prefix('$')
                    .filter(|name| name.bytes().all(|it| it.is_ascii_alphanumeric()))
                    .map(str::to_owned),
            );
            used.extend(text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, used)),
        Value::Object(members) => {
            for (key, value) in members {
                collect(&Value::from(key.as_str()), used);
                match (key.as_str(), value.as_str()) {
                    ("$switch" | "$each", Some(field)) => drop(used.insert(field.to_owned())),
                    _ => collect(value, used),
                }
            }
            used.retain(|name| !["switch", "each", "do", "first", "else"].contains(&name.as_str()));
        }
        _ => {}
    }
}
