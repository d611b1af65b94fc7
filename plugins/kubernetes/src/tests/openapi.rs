//! Every rendered object is one that the Kubernetes API knows.
//!
//! The types of `k8s-openapi` are made from the OpenAPI description of Kubernetes. An object that goes through its type
//! and comes back the same has no member that the API doesn't know, none of another type, and lacks none that it must
//! have: an unknown member is lost on the way, a wrong one is refused, a missing one appears.

use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        autoscaling::v2::HorizontalPodAutoscaler,
        batch::v1::{CronJob, Job},
        core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service},
        networking::v1::{Ingress, NetworkPolicy},
    },
    serde::{Serialize, de::DeserializeOwned},
};
use kubeorch_plugin_sdk::testing::{Call, ask};
use serde_json::{Value, json};

use super::named_requests;
use crate::Kubernetes;

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

fn typed(object: &Value) -> Result<Value, String> {
    match (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap()) {
        ("apps/v1", "DaemonSet") => through::<DaemonSet>(object),
        ("apps/v1", "Deployment") => through::<Deployment>(object),
        ("apps/v1", "StatefulSet") => through::<StatefulSet>(object),
        ("autoscaling/v2", "HorizontalPodAutoscaler") => through::<HorizontalPodAutoscaler>(object),
        ("batch/v1", "CronJob") => through::<CronJob>(object),
        ("batch/v1", "Job") => through::<Job>(object),
        ("networking.k8s.io/v1", "Ingress") => through::<Ingress>(object),
        ("networking.k8s.io/v1", "NetworkPolicy") => through::<NetworkPolicy>(object),
        ("v1", "ConfigMap") => through::<ConfigMap>(object),
        ("v1", "PersistentVolumeClaim") => through::<PersistentVolumeClaim>(object),
        ("v1", "Secret") => through::<Secret>(object),
        ("v1", "Service") => through::<Service>(object),
        kind => Err(format!("{kind:?} is not known here")),
    }
}

/// Values that the engine fills in: the base64 of nothing, and no text.
fn fill(value: &mut Value) {
    match value {
        Value::Object(members) if members.contains_key("$runtime") => *value = json!(""),
        Value::Object(members) => members.values_mut().for_each(fill),
        Value::Array(items) => items.iter_mut().for_each(fill),
        _ => {}
    }
}

/// The first path at which two values differ.
fn difference(left: &Value, right: &Value, path: &str) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                difference(&of(left), &of(right), &format!("{path}.{key}"))
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(at, (left, right))| difference(left, right, &format!("{path}.{at}"))),
        _ => (left != right).then(|| format!("{path}: rendered {left}, the API has {right}")),
    }
}

/// Only what may be applied: an object whose node has an error is a preview and may lack what the error is about.
#[test]
fn every_object_is_one_of_the_api() {
    let (mut objects, mut problems) = (0, Vec::new());
    for (name, request) in named_requests("render") {
        let Ok(answer) = ask::<Kubernetes>(Call::Render, &request) else { continue };
        let findings = answer["findings"].as_array().unwrap();
        if findings.iter().any(|finding| finding["severity"] == "error") {
            continue;
        }
        for out in answer["objects"].as_array().unwrap() {
            let mut object = out["object"].clone();
            fill(&mut object);
            objects += 1;
            let problem = match typed(&object) {
                Ok(known) => difference(&object, &known, &name),
                Err(error) => Some(format!("{name}: {error}")),
            };
            problems.extend(problem);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(objects > 60, "{objects}");
}

/// The check itself sees what it is for.
#[test]
fn strangers_in_an_object_are_seen() {
    let good = json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {}, "spec": { "schedule": "* * * * *",
        "jobTemplate": { "spec": { "template": {} } } } });
    assert_eq!(typed(&good), Ok(good.clone()));
    let check = |pointer: &str, member: &str, value: Value| {
        let mut object = good.clone();
        object.pointer_mut(pointer).unwrap()[member] = value;
        typed(&object).map_or(true, |known| difference(&object, &known, "").is_some())
    };
    assert!(check("/spec", "timezone", json!("Etc/UTC")), "an unknown member");
    assert!(check("/spec/jobTemplate/spec", "backoffLimit", json!("6")), "a wrong type");
    assert!(check("/spec", "schedule", Value::Null), "a missing member");
}
