//! Discovery: which groups, versions and resources there are, in both forms clients ask for.

use serde_json::{Value, json};

use super::Answer;
use crate::core::Core;
use crate::resources::Resource;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/version`.
pub(super) fn version(core: &Core) -> Value {
    let version = &core.config.version;
    let mut numbers = version.trim_start_matches('v').split('.');
    json!({
        "major": numbers.next().unwrap_or_default(),
        "minor": numbers.next().unwrap_or_default(),
        "gitVersion": version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": "linux/amd64",
    })
}

fn wants_aggregated(accept: &str) -> bool {
    accept.split(',').any(|part| {
        part.contains("as=APIGroupDiscoveryList") && part.contains("v=v2") && !part.contains("v2beta1")
    })
}

/// `/api`.
pub(super) fn core_versions(core: &Core, accept: &str) -> Answer {
    if wants_aggregated(accept) {
        return aggregated(core, true);
    }
    Answer::ok(json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "" }],
    }))
}

/// `/apis`.
pub(super) fn groups(core: &Core, accept: &str) -> Answer {
    if wants_aggregated(accept) {
        return aggregated(core, false);
    }
    let groups: Vec<_> = names(core).iter().filter_map(|name| group_entry(core, name)).collect();
    Answer::ok(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups }))
}

/// Named groups in order, each once.
fn names(core: &Core) -> Vec<String> {
    let mut names: Vec<_> = core
        .registry
        .groups()
        .into_iter()
        .map(|(group, _)| group)
        .filter(|group| !group.is_empty())
        .collect();
    names.dedup();
    names
}

fn group_entry(core: &Core, name: &str) -> Option<Value> {
    let versions: Vec<_> = core
        .registry
        .groups()
        .into_iter()
        .filter(|(group, _)| group == name)
        .map(|(group, version)| json!({ "groupVersion": format!("{group}/{version}"), "version": version }))
        .collect();
    let preferred = versions.last()?.clone();
    Some(json!({ "name": name, "versions": versions, "preferredVersion": preferred }))
}

/// `/apis/GROUP`.
pub(super) fn group(core: &Core, name: &str) -> Option<Value> {
    let mut entry = group_entry(core, name)?;
    entry["kind"] = json!("APIGroup");
    entry["apiVersion"] = json!("v1");
    Some(entry)
}

/// `/api/v1`, `/apis/GROUP/VERSION`.
pub(super) fn resources(core: &Core, group: &str, version: &str) -> Option<Value> {
    let mut list = Vec::new();
    for resource in core.registry.iter().filter(|r| r.group == group && r.version == version) {
        list.push(resource_entry(resource));
        for sub in &resource.subresources {
            let (verbs, kind) = subresource(resource, sub);
            let mut entry = json!({
                "name": format!("{}/{sub}", resource.plural), "singularName": "",
                "namespaced": resource.namespaced(), "kind": kind["kind"], "verbs": verbs,
            });
            if kind["group"] != json!(resource.group) {
                entry["group"] = kind["group"].clone();
                entry["version"] = kind["version"].clone();
            }
            list.push(entry);
        }
    }
    if list.is_empty() {
        return None;
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": list }))
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced(),
        "kind": resource.kind,
        "verbs": resource.verbs,
    });
    if !resource.short.is_empty() {
        entry["shortNames"] = json!(resource.short);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    entry
}

/// Verbs and kind of a subresource.
fn subresource(resource: &Resource, name: &str) -> (Value, Value) {
    match name {
        "scale" => (
            json!(["get", "patch", "update"]),
            json!({ "group": "autoscaling", "version": "v1", "kind": "Scale" }),
        ),
        "exec" => connection("PodExecOptions"),
        "attach" => connection("PodAttachOptions"),
        "portforward" => connection("PodPortForwardOptions"),
        "log" => (json!(["get"]), resource.gvk()),
        "token" => (
            json!(["create"]),
            json!({ "group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest" }),
        ),
        "eviction" => (json!(["create"]), json!({ "group": "policy", "version": "v1", "kind": "Eviction" })),
        "binding" => (json!(["create"]), json!({ "group": "", "version": "v1", "kind": "Binding" })),
        "finalize" => (json!(["update"]), resource.gvk()),
        _ => (json!(["get", "patch", "update"]), resource.gvk()),
    }
}

fn connection(kind: &str) -> (Value, Value) {
    (json!(["create", "get"]), json!({ "group": "", "version": "v1", "kind": kind }))
}

fn aggregated(core: &Core, legacy: bool) -> Answer {
    let names = if legacy { vec![String::new()] } else { names(core) };
    let items: Vec<_> = names.iter().map(|name| aggregated_group(core, name)).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    Answer::Typed(AGGREGATED, list)
}

fn aggregated_group(core: &Core, name: &str) -> Value {
    let versions: Vec<_> = core
        .registry
        .groups()
        .into_iter()
        .filter(|(group, _)| group == name)
        .map(|(group, version)| {
            let resources: Vec<_> = core
                .registry
                .iter()
                .filter(|resource| resource.group == group && resource.version == version)
                .map(|resource| aggregated_resource(resource))
                .collect();
            json!({ "version": version, "freshness": "Current", "resources": resources })
        })
        .collect();
    let meta = if name.is_empty() {
        json!({ "creationTimestamp": null })
    } else {
        json!({ "name": name, "creationTimestamp": null })
    };
    json!({ "metadata": meta, "versions": versions })
}

fn aggregated_resource(resource: &Resource) -> Value {
    let subresources: Vec<_> = resource
        .subresources
        .iter()
        .map(|name| {
            let (verbs, kind) = subresource(resource, name);
            json!({ "subresource": name, "responseKind": kind, "verbs": verbs })
        })
        .collect();
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": resource.gvk(),
        "scope": if resource.namespaced() { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    for (field, values) in [("shortNames", &resource.short), ("categories", &resource.categories)] {
        if !values.is_empty() {
            entry[field] = json!(values);
        }
    }
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}
