//! Custom resource definitions: the kinds they add.

use serde_json::{Value, json};

use crate::apply::Shape;
use crate::core::{Core, Writer};
use crate::resources::{Resource, Scope, VERBS};
use crate::value::{flag, list, put, terminating, text};

const ID: &str = "customresourcedefinitions.apiextensions.k8s.io";

static CUSTOM: Shape = Shape::PLAIN;

pub(super) fn reconcile(core: &mut Core, own: &str) {
    let Some(definition) = core.get(ID, "", own) else {
        remove(core, own);
        return;
    };
    if terminating(&definition) {
        return;
    }
    let Some(resource) = resource(&definition) else { return };
    let stored = resource.version.clone();
    let names = definition["spec"]["names"].clone();
    core.registry.insert(resource);
    let now = core.stamp();
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now,
        })
    };
    if list(&definition, "/status/conditions").is_empty() {
        let conditions = json!([
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ]);
        core.modify(ID, "", own, &Writer::status("kube-apiserver"), |definition| {
            put(definition, &["status", "conditions"], conditions);
            put(definition, &["status", "acceptedNames"], names);
            put(definition, &["status", "storedVersions"], json!([stored]));
        });
    }
}

/// A definition that is gone takes its objects along.
fn remove(core: &mut Core, own: &str) {
    for object in core.list(own, None) {
        core.discard(own, crate::value::namespace(&object), crate::value::name(&object), None);
    }
    core.registry.remove(own);
}

fn resource(definition: &Value) -> Option<Resource> {
    let versions = list(definition, "/spec/versions");
    let version = versions
        .iter()
        .find(|version| flag(version, "/storage") && flag(version, "/served"))
        .or_else(|| versions.iter().find(|version| flag(version, "/served")))?;
    let names = definition.pointer("/spec/names")?;
    let kind = text(names, "/kind").to_owned();
    let strings = |pointer: &str| {
        list(names, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let or = |found: &str, other: String| if found.is_empty() { other } else { found.to_owned() };
    let mut subresources = Vec::new();
    for part in ["status", "scale"] {
        if version.pointer(&format!("/subresources/{part}")).is_some() {
            subresources.push(part.to_owned());
        }
    }
    let scope = if text(definition, "/spec/scope") == "Cluster" { Scope::Cluster } else { Scope::Namespaced };
    Some(Resource {
        group: text(definition, "/spec/group").to_owned(),
        version: text(version, "/name").to_owned(),
        list_kind: or(text(names, "/listKind"), format!("{kind}List")),
        plural: text(names, "/plural").to_owned(),
        singular: or(text(names, "/singular"), kind.to_lowercase()),
        kind,
        short: strings("/shortNames"),
        categories: strings("/categories"),
        scope,
        subresources,
        shape: &CUSTOM,
        verbs: VERBS,
        computed: false,
        custom: true,
        definition: version.clone(),
    })
}
