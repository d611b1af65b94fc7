//! What the workload controllers share: pods from templates, who counts as ready.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::status::Status;
use crate::core::Core;
use crate::value::{condition, name, namespace, put, terminating, text, uid};

/// The manager name of every workload controller.
pub(super) const MANAGER: &str = "kube-controller-manager";

/// A reference to the controlling owner.
pub(super) fn owner(of: &Value) -> Value {
    json!({
        "apiVersion": of["apiVersion"],
        "kind": of["kind"],
        "name": name(of),
        "uid": uid(of),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// A pod made from the template in `spec.template` of its owner.
pub(super) fn from_template(of: &Value) -> Value {
    let template = &of["spec"]["template"];
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": namespace(of) },
        "spec": template["spec"],
    });
    for part in ["labels", "annotations"] {
        if let Some(values) = template.pointer(&format!("/metadata/{part}")) {
            put(&mut pod, &["metadata", part], values.clone());
        }
    }
    put(&mut pod, &["metadata", "ownerReferences"], json!([owner(of)]));
    pod
}

/// Creates a pod and says so in an event on its owner.
pub(super) fn create(core: &mut Core, of: &Arc<Value>, pod: Value) -> Result<Arc<Value>, Status> {
    let component = match text(of, "/kind") {
        "ReplicaSet" => "replicaset-controller",
        "StatefulSet" => "statefulset-controller",
        "DaemonSet" => "daemonset-controller",
        _ => "job-controller",
    };
    match core.make("pods", pod, MANAGER) {
        Ok(pod) => {
            let message = format!("Created pod: {}", name(&pod));
            core.event(of, "Normal", "SuccessfulCreate", &message, component);
            Ok(pod)
        }
        Err(error) => {
            let message = format!("Error creating: {}", error.message);
            core.event(of, "Warning", "FailedCreate", &message, component);
            Err(error)
        }
    }
}

/// Deletes a pod and says so in an event on its owner.
pub(super) fn delete(core: &mut Core, of: &Arc<Value>, pod: &Value, component: &str) {
    let message = format!("Deleted pod: {}", name(pod));
    core.event(of, "Normal", "SuccessfulDelete", &message, component);
    core.discard("pods", namespace(pod), name(pod), None);
}

/// Neither finished nor going.
pub(super) fn active(pod: &Value) -> bool {
    !terminating(pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// The `Ready` condition.
pub(super) fn ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|found| text(found, "/status") == "True")
}

/// A condition with `lastTransitionTime` kept from the one before while the status is the same.
pub(super) fn condition_entry(
    before: &Value,
    kind: &str,
    status: bool,
    reason: &str,
    message: &str,
    now: &str,
) -> Value {
    let status = if status { "True" } else { "False" };
    let since = condition(before, kind)
        .filter(|found| text(found, "/status") == status)
        .map_or(now, |found| text(found, "/lastTransitionTime"));
    json!({
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    })
}
