//! The catalogue as clients know it: `tests/contract.txt` says which entries, node types and fields there must be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use kubeorch_plugin_sdk::testing::{Call, ask, compare};
use serde_json::{Map, Value, json};

use super::{entries, path};
use crate::CrdCatalog;

/// The fields of each node type besides `name`.
pub(super) fn fields() -> BTreeMap<String, Vec<String>> {
    let lines = text();
    let lines = lines.lines().filter_map(|line| line.strip_prefix("  "));
    let fields = |list: &str| parameters(list).into_iter().map(|(id, _, _)| id).collect();
    lines
        .map(|line| {
            let (name, list) = line.split_once(": ").unwrap_or((line, ""));
            (name.to_owned(), fields(list))
        })
        .collect()
}

fn text() -> String {
    fs::read_to_string(path("contract.txt")).unwrap()
}

/// Id, whether it must be given, and the schema without its words for people.
fn parameters(list: &str) -> Vec<(String, bool, Value)> {
    // A comma inside a default is followed by no blank.
    list.split(", ").filter(|it| !it.is_empty()).map(parameter).collect()
}

fn parameter(text: &str) -> (String, bool, Value) {
    let (head, default) = match text.split_once('=') {
        Some((head, default)) => (head, Some(default)),
        None => (text, None),
    };
    let (head, options) = match head.split_once('[') {
        Some((head, options)) => (head, Some(options.trim_end_matches(']'))),
        None => (head, None),
    };
    let (id, kind) = head.split_once(':').unwrap_or((head, "text"));
    let mut schema = Map::new();
    schema.insert("type".to_owned(), if kind == "number" { "integer" } else { "string" }.into());
    schema.extend(options.map(|options| ("enum".to_owned(), options.split('|').collect::<Vec<_>>().into())));
    let typed = |default: &str| {
        if kind == "number" { json!(default.parse::<i64>().unwrap()) } else { default.into() }
    };
    schema.extend(default.map(|default| ("default".to_owned(), typed(default))));
    (id.trim_end_matches('*').to_owned(), id.ends_with('*'), Value::Object(schema))
}

#[test]
fn entries_and_node_types_are_those_of_the_contract() {
    let catalog = ask::<CrdCatalog>(Call::ListTypes, &Value::Null).unwrap();
    let (listed, types) = (catalog["entries"].as_array().unwrap(), catalog["nodeTypes"].as_array().unwrap());
    let mut found: Vec<&str> = Vec::new();
    let mut entry = "";
    let text = text();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(line) = line.strip_prefix("  ") {
            let (name, list) = line.split_once(": ").unwrap_or((line, ""));
            let node_type = types.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(node_type["entry"], entry, "{name}");
            check(node_type, list);
            found.push(name);
        } else {
            let columns: Vec<&str> = line.split(" | ").collect();
            entry = columns[0];
            let kinds: Vec<&str> = columns[5].split(", ").collect();
            let it = listed.iter().find(|it| it["id"] == entry).unwrap_or_else(|| panic!("no {entry}"));
            let members = ["id", "displayName", "category", "version", "crdGroup"];
            assert_eq!(members.map(|member| it[member].as_str().unwrap()), columns[..5], "{entry}");
            assert_eq!(it["crdKinds"], json!(kinds), "{entry}");
        }
    }
    assert_eq!((listed.len(), found.len()), (57, 73));
    assert_eq!(types.len(), found.len());
}

/// Order and names of the fields, which must be given, options and defaults. The catalogue may have more.
fn check(node_type: &Value, list: &str) {
    let name = &node_type["name"];
    let properties = node_type["parameters"]["properties"].as_object().unwrap();
    let required: BTreeSet<&str> = node_type["parameters"]["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let wanted = parameters(list);
    let order: Vec<&str> =
        properties.keys().map(String::as_str).filter(|key| wanted.iter().any(|it| it.0 == *key)).collect();
    assert_eq!(order, wanted.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), "{name}");
    for (id, must, schema) in &wanted {
        assert_eq!(required.contains(id.as_str()), *must, "{name}.{id}");
        for (key, value) in schema.as_object().unwrap() {
            assert_eq!(&properties[id][key], value, "{name}.{id}.{key}");
        }
        let extra = ["enum", "default"]
            .into_iter()
            .find(|key| schema.get(key).is_none() && properties[id].get(key).is_some());
        assert_eq!(extra, None, "{name}.{id}");
    }
}

#[test]
fn the_catalog_is_as_it_was() {
    let answer = ask::<CrdCatalog>(Call::ListTypes, &Value::Null).unwrap();
    compare(&answer, &path("golden/catalog.json")).unwrap();
}

/// Defaults and examples pass the field's own rules, so the form never offers what it refuses: `cases` renders them. Here
/// only what the cases cannot see.
#[test]
fn entries_are_whole() {
    let categories: BTreeSet<String> = entries().into_iter().map(|entry| entry.category).collect();
    assert_eq!(categories.len(), 13);
    for entry in entries() {
        for text in [&entry.description, &entry.icon] {
            assert!(!text.is_empty(), "{}", entry.id);
        }
        for node_type in &entry.node_types {
            assert!(
                !node_type.source.is_empty() && node_type.description.ends_with('.'),
                "{}",
                node_type.name
            );
            for field in &node_type.fields {
                assert_ne!(field.example, field.default, "{}.{}", node_type.name, field.id);
            }
        }
    }
}
