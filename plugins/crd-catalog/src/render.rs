//! The objects of a node: metadata by the conventions, everything else from the templates of its type.

use kubeorch_plugin_sdk::{
    Facts, Findings, Node, RenderRequest, Rendered, kubernetes::MANAGED_BY, kubernetes::label_text,
};
use serde_json::{Map, Value, json};

use crate::model::{Companion, NodeType};
use crate::read::{self, Form};
use crate::template::{fill, fill_members, merge};

/// What neighbours may know: where the object is and what it is.
pub(crate) fn facts(node_type: &NodeType, node: &Node) -> Facts {
    let namespace = node.own_namespace().unwrap_or(&node_type.namespace);
    let values = json!({ "name": node.name(), "namespace": namespace });
    Facts {
        name: object_name(node_type, values.as_object().unwrap_or(&Map::new())),
        namespace: if node_type.cluster_scoped { String::new() } else { namespace.to_owned() },
        kind: node_type.kind.clone(),
        api_version: node_type.api_version.clone(),
        references: node.references(),
        ..Facts::default()
    }
}

/// The object, and what goes with it.
pub(crate) fn render(entry: &str, node_type: &NodeType, request: &RenderRequest) -> Rendered {
    let findings = Findings::new(&node_type.name);
    let Form { values, notes } = read::form(node_type, request, &findings);
    let mut object = fill_members(&node_type.object, &values);
    if let Some(more) = read::more(node_type, &request.node.read(&findings)) {
        merge(object.entry("spec").or_insert_with(|| Value::Object(Map::new())), &more);
    }
    let name = object_name(node_type, &values);
    let labels = labels(entry, node_type);
    let mut own = labels.clone();
    own.extend(fill_members(&node_type.labels, &values));
    let mut metadata = metadata(&name, &values, own);
    let annotations = fill_members(&node_type.annotations, &values);
    if !annotations.is_empty() {
        metadata.insert("annotations".to_owned(), annotations.into());
    }
    let mut rendered = Rendered::default().notes(notes);
    rendered = rendered.object(whole(&node_type.api_version, &node_type.kind, metadata, object));
    for companion in &node_type.companions {
        if let Some(object) = go_along(companion, &values, labels.clone()) {
            rendered = rendered.object(object);
        }
    }
    rendered.findings = findings.into_vec();
    rendered
}

/// The name as the operator wants it. A name with dots has been given that form already.
fn object_name(node_type: &NodeType, values: &Map<String, Value>) -> String {
    let name = values.get("name").and_then(Value::as_str).unwrap_or_default();
    let template = node_type.object_name.as_ref().filter(|_| !name.contains('.'));
    let filled = template.and_then(|template| fill(&Value::from(template.as_str()), values));
    filled.as_ref().and_then(Value::as_str).unwrap_or(name).to_owned()
}

/// By contract 4.2: who manages the object and which type of which entry made it.
fn labels(entry: &str, node_type: &NodeType) -> Map<String, Value> {
    let labels = [
        ("app.kubernetes.io/managed-by", MANAGED_BY),
        ("kubeorch.io/plugin", label_text(entry)),
        ("kubeorch.io/node-type", label_text(&node_type.name)),
    ];
    labels.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

fn metadata(name: &str, values: &Map<String, Value>, labels: Map<String, Value>) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), name.into());
    if let Some(namespace) = values.get("namespace") {
        metadata.insert("namespace".to_owned(), namespace.clone());
    }
    metadata.insert("labels".to_owned(), labels.into());
    metadata
}

/// An object beside the main one; none when the field that replaces it is above zero, or its name lacks something.
fn go_along(
    companion: &Companion,
    values: &Map<String, Value>,
    mut labels: Map<String, Value>,
) -> Option<Value> {
    let replaced = companion.unless.as_ref().and_then(|field| values.get(field)).and_then(Value::as_i64);
    if replaced.is_some_and(|number| number > 0) {
        return None;
    }
    let name = fill(&Value::from(companion.name.as_str()), values)?;
    labels.extend(fill_members(&companion.labels, values));
    let metadata = metadata(name.as_str()?, values, labels);
    Some(whole(&companion.api_version, &companion.kind, metadata, fill_members(&companion.object, values)))
}

fn whole(api_version: &str, kind: &str, metadata: Map<String, Value>, members: Map<String, Value>) -> Value {
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    object.insert("metadata".to_owned(), metadata.into());
    object.extend(members);
    Value::Object(object)
}
