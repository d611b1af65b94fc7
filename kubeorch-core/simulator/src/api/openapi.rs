//! OpenAPI as far as clients need it: which kinds take which write options, and what their fields mean.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::core::Core;
use crate::resources::Resource;

/// `/openapi/v3`: where the documents are.
pub(super) fn index(core: &Core) -> Value {
    let mut paths = Map::new();
    for (group, version) in core.registry.groups() {
        let path =
            if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        let url = format!("/openapi/v3/{path}");
        paths.insert(path, json!({ "serverRelativeURL": url }));
    }
    json!({ "paths": paths })
}

/// The document of one group and version.
pub(super) fn document(core: &Core, path: &str) -> Option<Value> {
    let (group, version) = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => (String::new(), (*version).to_owned()),
        ["apis", group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => return None,
    };
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for resource in core.registry.iter().filter(|r| r.group == group && r.version == version) {
        let scope = if resource.namespaced() { "/namespaces/{namespace}" } else { "" };
        let base = format!("/{path}{scope}/{}", resource.plural);
        paths.insert(base.clone(), json!({ "post": operation(resource, "post") }));
        paths.insert(
            format!("{base}/{{name}}"),
            json!({
                "get": operation(resource, "get"),
                "put": operation(resource, "put"),
                "patch": operation(resource, "patch"),
                "delete": operation(resource, "delete"),
            }),
        );
        let name = schema_name(resource);
        match crate::schemas::name(&resource.id()) {
            Some(known) => crate::schemas::with_parts(known, &mut schemas),
            None => drop(schemas.insert(name.clone(), schema(resource))),
        }
        if let Some(Value::Object(own)) = schemas.get_mut(&name) {
            own.insert("x-kubernetes-group-version-kind".to_owned(), json!([resource.gvk()]));
        }
    }
    if paths.is_empty() {
        return None;
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": core.config.version },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

/// `/openapi/v2`, as clients ask for it: the `Document` of gnostic's `openapiv2`, in protobuf. It says which server
/// this is and has no schema, those are in version 3. kubectl asks for it when it meets a `List`, and
/// checks only kinds that it finds there.
pub(super) fn second(version: &str) -> Bytes {
    const SWAGGER: u8 = 1;
    const INFO: u8 = 2;
    const TITLE: u8 = 1;
    const VERSION: u8 = 2;
    const PATHS: u8 = 8;
    let info = [field(TITLE, b"Kubernetes"), field(VERSION, version.as_bytes())].concat();
    [field(SWAGGER, b"2.0"), field(INFO, &info), field(PATHS, b"")].concat().into()
}

/// A length-delimited field; the lengths of [`second`] fit one byte for any version a server reports.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[..bytes.len().min(100)];
    let head = [number << 3 | 2, u8::try_from(bytes.len()).unwrap_or_default()];
    [&head, bytes].concat()
}

fn schema_name(resource: &Resource) -> String {
    if let Some(known) = crate::schemas::name(&resource.id()) {
        return known.to_owned();
    }
    let group = if resource.group.is_empty() { "core" } else { &resource.group };
    format!("{group}.{}.{}", resource.version, resource.kind)
}

/// The schema a custom resource's definition gives, or an open one.
fn schema(resource: &Resource) -> Value {
    let mut own = match resource.definition.pointer("/schema/openAPIV3Schema") {
        Some(given) if given.is_object() => given.clone(),
        _ => json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }),
    };
    let about = "Standard object's metadata.";
    for (field, kind, description) in [
        ("apiVersion", "string", "The group and version this object is of."),
        ("kind", "string", "The kind this object is of."),
        ("metadata", "object", about),
    ] {
        let value = json!({ "type": kind, "description": description });
        crate::value::put_default(&mut own, &["properties", field], value);
    }
    own
}

fn operation(resource: &Resource, method: &str) -> Value {
    let reference = json!({ "$ref": format!("#/components/schemas/{}", schema_name(resource)) });
    let query = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } });
    let parameters: Vec<_> = match method {
        "get" => Vec::new(),
        "delete" => vec![query("dryRun")],
        _ => vec![query("dryRun"), query("fieldManager"), query("fieldValidation")],
    };
    let mut operation = json!({
        "operationId": format!("{method}{}", resource.kind),
        "parameters": parameters,
        "responses": {
            "200": { "description": "OK", "content": { "application/json": { "schema": reference } } },
        },
        "x-kubernetes-action": method,
        "x-kubernetes-group-version-kind": resource.gvk(),
    });
    let types: &[&str] = match method {
        // Strategic merge is served, but not offered here: offering it needs schemas with merge keys,
        // and without the offer kubectl uses the keys it has built in.
        "patch" => {
            &["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
        }
        "get" | "delete" => &[],
        _ => &["*/*"],
    };
    if !types.is_empty() {
        let content: Map<_, _> =
            types.iter().map(|kind| ((*kind).to_owned(), json!({ "schema": reference }))).collect();
        operation["requestBody"] = json!({ "content": content });
    }
    operation
}
