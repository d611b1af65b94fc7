//! What of a live object tells whether somebody changed it.

use serde_json::{Map, Value};

use crate::graph::Hash;
use crate::manifest::Object;

/// Members of `metadata` that the server or its controllers keep.
const SERVER_OWNED: [&str; 10] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
    "finalizers",
    "ownerReferences",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Annotations with these beginnings are notes of built-in controllers.
const CONTROLLERS: [&str; 5] = [
    "deployment.kubernetes.io/",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "control-plane.alpha.kubernetes.io/",
];

/// Members of `spec` that controllers write, and that count only when we apply them ourselves.
const CONTROLLED: [&str; 2] = ["replicas", "volumeName"];

/// A hash of an object as the server answers it, without status and without what controllers write, so that it stays
/// the same until somebody changes the object. `applied` is what we sent.
pub(in crate::runs) fn substance(live: &Object, applied: &Object) -> Hash {
    let mut map = live.as_map().clone();
    map.shift_remove("status");
    // Two versions of a kind are the same object, and a list's items come without both.
    map.shift_remove("apiVersion");
    map.shift_remove("kind");
    if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
        for member in SERVER_OWNED {
            metadata.shift_remove(member);
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.retain(|name, _| !CONTROLLERS.iter().any(|prefix| name.starts_with(prefix)));
            if annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    if let Some(Value::Object(spec)) = map.get_mut("spec") {
        let ours = applied.as_map().get("spec").and_then(Value::as_object);
        for member in CONTROLLED {
            if ours.is_none_or(|ours: &Map<_, _>| !ours.contains_key(member)) {
                spec.shift_remove(member);
            }
        }
    }
    Hash::of(&Value::Object(map))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_people_change_counts() {
        let live = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "web", "uid": "1", "resourceVersion": "7", "annotations": { "team": "a" } },
            "spec": { "replicas": 1, "paused": false }, "status": { "replicas": 1 } });
        let applied = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": { "paused": false } });
        let with_replicas = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": { "replicas": 1 } });
        let hash = |live: &Value, applied: &Value| {
            let object = |value: &Value| Object::new(value.clone()).unwrap();
            substance(&object(live), &object(applied))
        };
        for (pointer, value, same) in [
            ("/status/replicas", json!(3), true),
            ("/metadata/resourceVersion", json!("8"), true),
            ("/metadata/annotations/deployment.kubernetes.io~1revision", json!("2"), true),
            ("/metadata/finalizers", json!(["x"]), true),
            ("/spec/replicas", json!(3), true),
            ("/spec/paused", json!(true), false),
            ("/metadata/annotations/team", json!("b"), false),
            ("/metadata/labels", json!({ "a": "b" }), false),
        ] {
            let mut other = live.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[name.replace("~1", "/")] = value;
            assert_eq!(hash(&live, &applied) == hash(&other, &applied), same, "{pointer}");
        }
        let mut scaled = live.clone();
        scaled["spec"]["replicas"] = json!(3);
        assert_ne!(hash(&live, &with_replicas), hash(&scaled, &with_replicas), "replicas of our own count");
    }
}
