//! `autoscaling/v1` `Scale`: the part of an object that says how many replicas it has.

use serde_json::{Value, json};

use crate::resources::Resource;
use crate::value::{int, list, map, name, namespace, put, text, uid};

/// Where a kind keeps its replicas, as JSON pointers.
#[derive(Debug)]
struct Paths {
    wanted: String,
    current: String,
    /// Of custom resources: a selector already written as a string.
    selector: Option<String>,
}

impl Paths {
    fn of(resource: &Resource) -> Self {
        let custom = |field: &str, or: &str| {
            let path = text(&resource.definition, &format!("/subresources/scale/{field}"));
            (if path.is_empty() { or } else { path }).replace('.', "/")
        };
        if resource.custom {
            let selector = custom("labelSelectorPath", "");
            return Self {
                wanted: custom("specReplicasPath", ".spec.replicas"),
                current: custom("statusReplicasPath", ".status.replicas"),
                selector: Some(selector),
            };
        }
        Self { wanted: "/spec/replicas".to_owned(), current: "/status/replicas".to_owned(), selector: None }
    }
}

/// The replicas an object asks for.
pub(crate) fn wanted(resource: &Resource, object: &Value) -> i64 {
    int(object, &Paths::of(resource).wanted).unwrap_or_default()
}

/// Asks for another number of replicas.
pub(crate) fn set(resource: &Resource, object: &mut Value, replicas: i64) {
    let paths = Paths::of(resource);
    let path: Vec<_> = paths.wanted.split('/').skip(1).collect();
    put(object, &path, replicas);
}

/// The selector of an object's pods in the form of a query.
pub(crate) fn selector(resource: &Resource, object: &Value) -> String {
    match Paths::of(resource).selector {
        Some(path) => text(object, &path).to_owned(),
        None => written(&object["spec"]["selector"]),
    }
}

/// The `Scale` of an object.
pub(crate) fn of(resource: &Resource, object: &Value) -> Value {
    let paths = Paths::of(resource);
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": name(object), "namespace": namespace(object), "uid": uid(object),
            "resourceVersion": object["metadata"]["resourceVersion"],
            "creationTimestamp": object["metadata"]["creationTimestamp"],
        },
        "spec": { "replicas": wanted(resource, object) },
        "status": {
            "replicas": int(object, &paths.current).unwrap_or_default(),
            "selector": selector(resource, object),
        },
    })
}

/// A `metav1.LabelSelector`, or the plain map of a replication controller, as a query string.
pub(crate) fn written(selector: &Value) -> String {
    let structured = selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let labels = if structured { map(selector, "/matchLabels") } else { selector.as_object() };
    let mut parts: Vec<_> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for one in list(selector, "/matchExpressions") {
        let values: Vec<_> = list(one, "/values").iter().filter_map(Value::as_str).collect();
        let key = text(one, "/key");
        parts.push(match text(one, "/operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.sort_unstable();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_written_as_queries() {
        for (selector, expected) in [
            (json!({ "matchLabels": { "b": "2", "a": "1" } }), "a=1,b=2"),
            (
                json!({ "matchExpressions": [{ "key": "a", "operator": "In", "values": ["x", "y"] }] }),
                "a in (x,y)",
            ),
            (json!({ "matchExpressions": [{ "key": "a", "operator": "DoesNotExist" }] }), "!a"),
            (json!({ "app": "web" }), "app=web"),
            (Value::Null, ""),
        ] {
            assert_eq!(written(&selector), expected);
        }
    }
}
