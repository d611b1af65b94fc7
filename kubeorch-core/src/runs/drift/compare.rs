//! Whether a live object might differ from what was deployed. Wrong only in one direction: what it finds equal is equal.

use serde_json::{Map, Value, json};

use crate::graph::Hash;
use crate::manifest::Object;
use crate::runs::fill::RUNTIME;

/// Whether something that we set may be otherwise. A dry run has the last word: the server may only have spelled it
/// differently.
pub(super) fn suspicious(desired: &Object, live: &Object) -> bool {
    let secret = desired.kind().group().is_empty() && desired.kind().kind == "Secret";
    desired.as_map().iter().any(|(name, wanted)| match name.as_str() {
        "apiVersion" | "kind" | "status" => false,
        "metadata" => ["labels", "annotations"].iter().any(|part| {
            wanted.get(part).is_some_and(|wanted| differs(wanted, live.pointer(&format!("/metadata/{part}"))))
        }),
        // The watch keeps no values of Secrets.
        "data" | "stringData" if secret => names_missing(wanted, live),
        _ => differs(wanted, live.as_map().get(name)),
    })
}

fn differs(wanted: &Value, live: Option<&Value>) -> bool {
    match (wanted, live) {
        // It came with the run and is nowhere to compare with.
        (Value::Object(wanted), _) if wanted.contains_key(RUNTIME) => false,
        (wanted, None) => !empty(wanted),
        (Value::Object(wanted), Some(Value::Object(live))) => {
            wanted.iter().any(|(name, wanted)| differs(wanted, live.get(name)))
        }
        (Value::Array(wanted), Some(Value::Array(live))) => {
            wanted.len() != live.len()
                || wanted.iter().zip(live).any(|(wanted, live)| differs(wanted, Some(live)))
        }
        (wanted, Some(live)) => wanted != live,
    }
}

/// A server leaves out what says nothing. Entries of an environment without a value are left out when they are filled.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(empty),
        _ => false,
    }
}

fn names_missing(wanted: &Value, live: &Object) -> bool {
    let there = live.pointer("/data").and_then(Value::as_object);
    wanted
        .as_object()
        .is_some_and(|wanted| wanted.keys().any(|name| !there.is_some_and(|there| there.contains_key(name))))
}

/// Changes with everything that a comparison looks at, and not with a status.
pub(super) fn substance(live: &Object) -> Hash {
    let mut members: Map<String, Value> = live.as_map().clone();
    members.shift_remove("status");
    let part = |name: &str| live.pointer(&format!("/metadata/{name}")).cloned();
    members.insert(
        "metadata".to_owned(),
        json!({ "uid": part("uid"), "labels": part("labels"), "annotations": part("annotations") }),
    );
    Hash::of(&Value::Object(members))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{substance, suspicious};
    use crate::manifest::Object;

    fn object(value: Value) -> Object {
        Object::new(value).unwrap()
    }

    fn desired() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
            "spec": {
                "replicas": 2, "strategy": {},
                "template": {"spec": {"containers": [{
                    "name": "main", "image": "web:1", "args": ["-a"],
                    "env": [{"name": "KEY", "value": {"$runtime": {"from": "env", "key": "KEY"}}}],
                    "resources": {"limits": {"cpu": "1000m"}},
                }]}},
            },
        })
    }

    /// As a server holds it: defaults, a status, values that came with the run.
    fn live() -> Value {
        let mut live = desired();
        live["metadata"]["resourceVersion"] = "7".into();
        live["metadata"]["labels"]["added"] = "by somebody".into();
        live["spec"]["progressDeadlineSeconds"] = 600.into();
        live["spec"]["strategy"] = json!({"type": "RollingUpdate"});
        live["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "given".into();
        live["spec"]["template"]["spec"]["containers"][0]["terminationMessagePath"] =
            "/dev/termination-log".into();
        live["status"] = json!({"replicas": 2});
        live
    }

    #[test]
    fn only_what_we_set_is_suspicious() {
        let container = "/spec/template/spec/containers/0";
        for (place, value, expected) in [
            ("/status/replicas", json!(5), false),
            ("/metadata/resourceVersion", json!("8"), false),
            ("/spec/progressDeadlineSeconds", json!(9), false),
            ("/spec/replicas", json!(3), true),
            ("/metadata/labels/app", json!("other"), true),
            ("/spec/template/spec/containers/0/image", json!("web:2"), true),
            ("/spec/template/spec/containers/0/args", json!(["-a", "-b"]), true),
            ("/spec/template/spec/containers/0/args", json!([]), true),
            ("/spec/template/spec/containers/0/env/0/value", json!("another"), false),
            ("/spec/template/spec/containers/0/env/0/name", json!("OTHER"), true),
            // A spelling: the dry run clears it.
            ("/spec/template/spec/containers/0/resources/limits/cpu", json!("1"), true),
        ] {
            let mut live = live();
            *live.pointer_mut(place).unwrap() = value;
            assert_eq!(suspicious(&object(desired()), &object(live)), expected, "{place}");
        }
        assert!(!suspicious(&object(desired()), &object(live())));
        let mut gone = live();
        gone.pointer_mut(container).unwrap().as_object_mut().unwrap().remove("image");
        assert!(suspicious(&object(desired()), &object(gone)));
    }

    #[test]
    fn of_a_secret_only_names_count() {
        let secret = |data: Value| {
            object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data}))
        };
        let desired = secret(json!({"KEY": {"$runtime": {"from": "secret", "key": "KEY"}}}));
        assert!(!suspicious(&desired, &secret(json!({"KEY": "", "MORE": ""}))));
        assert!(suspicious(&desired, &secret(json!({"MORE": ""}))));
    }

    #[test]
    fn a_status_is_no_substance() {
        let mut moved = live();
        moved["status"] = json!({"replicas": 9});
        moved["metadata"]["resourceVersion"] = "99".into();
        assert_eq!(substance(&object(live())), substance(&object(moved.clone())));
        moved["spec"]["replicas"] = 9.into();
        assert_ne!(substance(&object(live())), substance(&object(moved)));
    }
}
