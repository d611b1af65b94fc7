//! What the catalogue says about itself: entries as what a user enables, custom resources as node types.

use kubeorch_plugin_sdk::{Descriptor, Entry as Listed};
use serde_json::{Map, Value, json};

use crate::model::{Entry, Field, Holds, NodeType};

/// An entry as the host lists it.
pub(crate) fn entry(entry: &Entry) -> Listed {
    Listed {
        id: entry.id.clone(),
        display_name: entry.display_name.clone(),
        description: entry.description.clone(),
        category: entry.category.clone(),
        version: entry.version.clone(),
        crd_group: entry.crd_group.clone(),
        crd_kinds: entry.crd_kinds.clone(),
        icon: entry.icon.clone(),
    }
}

/// A custom resource as a node type. Editors write its nodes as `plugin`, with the name in `data.templateId`.
pub(crate) fn node_type(entry: &Entry, node_type: &NodeType) -> Descriptor {
    let mut described = Descriptor::new(&node_type.name, &node_type.title)
        .description(&node_type.description)
        .palette(&entry.category, &entry.icon, &[&entry.id, &node_type.kind])
        .use_and_difficulty("medium", "medium")
        .rank(node_type.rank)
        .kind(&node_type.api_version, &node_type.kind, !node_type.cluster_scoped)
        .start(start(node_type, &entry.id))
        .entry(&entry.id)
        .alias("plugin", "templateId");
    for companion in &node_type.companions {
        described = described.kind(&companion.api_version, &companion.kind, true);
    }
    for field in &node_type.fields {
        if let Some(origin) = &field.from {
            let peers: Vec<&str> = origin.peers.iter().map(String::as_str).collect();
            // Two fields may be filled from the same node; the pair of types has one meaning all the same.
            if !described.links.iter().any(|link| link.peers == peers) {
                described = described.link("uses", &peers, "Fills in fields that are left empty.");
            }
        }
    }
    if node_type.retain {
        described = described.retained();
    }
    described.template_id.clone_from(&node_type.name);
    described.version.clone_from(&entry.version);
    described.parameters = parameters(node_type);
    described
}

fn start(node_type: &NodeType, entry: &str) -> Value {
    let mut start = Map::new();
    start.insert("name".to_owned(), format!("{}-<n>", node_type.name).into());
    if !node_type.cluster_scoped {
        start.insert("namespace".to_owned(), node_type.namespace.as_str().into());
    }
    start.insert("templateId".to_owned(), node_type.name.as_str().into());
    start.insert("pluginId".to_owned(), entry.into());
    let defaults = node_type.fields.iter().filter(|field| !field.default.is_null());
    start.extend(defaults.map(|field| (field.id.clone(), field.default.clone())));
    Value::Object(start)
}

fn parameters(node_type: &NodeType) -> Value {
    let mut properties = Map::new();
    properties.insert("name".to_owned(), json!({ "type": "string", "title": "Name" }));
    if !node_type.cluster_scoped {
        let namespace = json!({ "type": "string", "title": "Namespace", "default": node_type.namespace });
        properties.insert("namespace".to_owned(), namespace);
    }
    properties.extend(node_type.fields.iter().map(|field| (field.id.clone(), parameter(field))));
    if node_type.object.contains_key("spec") {
        let spec = json!({ "type": "object", "title": "More of the spec",
            "description": "Put over the spec that comes of the fields, member by member." });
        properties.insert("spec".to_owned(), spec);
    }
    let required = node_type.fields.iter().filter(|field| field.required).map(|field| field.id.as_str());
    let required: Vec<&str> = std::iter::once("name").chain(required).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn parameter(field: &Field) -> Value {
    let kind = if field.holds == Holds::Number { "integer" } else { "string" };
    let mut schema = Map::new();
    let mut set = |key: &str, value: Value| {
        if !value.is_null() {
            schema.insert(key.to_owned(), value);
        }
    };
    set("type", kind.into());
    set("title", field.title.as_str().into());
    let about = match field.holds {
        Holds::List => "Separated by commas.",
        Holds::Labels => "Labels as app=web, separated by commas.",
        _ => "",
    };
    let sentences: Vec<&str> =
        [field.description.as_str(), about].into_iter().filter(|it| !it.is_empty()).collect();
    set("description", if sentences.is_empty() { Value::Null } else { sentences.join(" ").into() });
    set("enum", if field.options.is_empty() { Value::Null } else { field.options.clone().into() });
    set("default", field.default.clone());
    set("minimum", field.minimum.map_or(Value::Null, Value::from));
    set("maximum", field.maximum.map_or(Value::Null, Value::from));
    set("examples", json!([field.example]));
    Value::Object(schema)
}
