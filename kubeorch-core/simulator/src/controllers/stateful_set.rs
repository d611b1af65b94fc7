//! Stateful sets: numbered pods with claims of their own, one after the other.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, MANAGER, owner};
use crate::core::{Core, Writer};
use crate::names::template_hash;
use crate::value::{int, list, name, namespace, object, put, terminating, text, uid};

const COMPONENT: &str = "statefulset-controller";
const HASH: &str = "controller-revision-hash";

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(set) = core.get("statefulsets.apps", space, own) else { return };
    let revision = revision(core, &set);
    if !terminating(&set) {
        advance(core, &set, &revision);
    }
    write_status(core, &set, &revision);
}

/// The name of the revision of the present template; its record is made when missing.
fn revision(core: &mut Core, set: &Arc<Value>) -> String {
    let hash = template_hash(&set["spec"]["template"], 0);
    let revision = format!("{}-{hash}", name(set));
    if core.get("controllerrevisions.apps", namespace(set), &revision).is_none() && !terminating(set) {
        let newest = core
            .owned(uid(set), "controllerrevisions.apps")
            .iter()
            .filter_map(|record| int(record, "/revision"))
            .max()
            .unwrap_or_default();
        let record = json!({
            "metadata": {
                "name": revision,
                "namespace": namespace(set),
                "labels": set["spec"]["template"]["metadata"]["labels"],
                "ownerReferences": [owner(set)],
            },
            "data": { "spec": { "template": set["spec"]["template"] } },
            "revision": newest + 1,
        });
        if let Err(error) = core.make("controllerrevisions.apps", record, MANAGER) {
            tracing::debug!(%error, "no controller revision");
        }
    }
    revision
}

fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name(pod).strip_prefix(name(set))?.strip_prefix('-')?.parse().ok()
}

fn pods(core: &Core, set: &Value) -> Vec<(i64, Arc<Value>)> {
    let mut pods: Vec<_> = core
        .owned(uid(set), "pods")
        .into_iter()
        .filter_map(|pod| ordinal(set, &pod).map(|at| (at, pod)))
        .collect();
    pods.sort_by_key(|(at, _)| *at);
    pods
}

fn advance(core: &mut Core, set: &Arc<Value>, revision: &str) {
    let start = int(set, "/spec/ordinals/start").unwrap_or_default();
    let end = start + int(set, "/spec/replicas").unwrap_or(1);
    let parallel = text(set, "/spec/podManagementPolicy") == "Parallel";
    let pods = pods(core, set);
    for at in start..end {
        match pods.iter().find(|(have, _)| *have == at) {
            None => {
                if !create(core, set, at, revision) || !parallel {
                    return;
                }
            }
            Some((_, pod)) if matches!(text(pod, "/status/phase"), "Failed" | "Succeeded") => {
                pods::delete(core, set, pod, COMPONENT);
                return;
            }
            Some((_, pod)) if !parallel && (!pods::ready(pod) || terminating(pod)) => {
                // A pod that can't get ready under an old template is replaced all the same.
                if terminating(pod) || text(pod, "/metadata/labels/controller-revision-hash") == revision {
                    return;
                }
                break;
            }
            Some(_) => {}
        }
    }
    let surplus: Vec<_> = pods.iter().rev().filter(|(at, _)| *at >= end || *at < start).collect();
    for (_, pod) in &surplus {
        if !terminating(pod) {
            pods::delete(core, set, pod, COMPONENT);
        }
        if !parallel {
            return;
        }
    }
    if surplus.is_empty() && text(set, "/spec/updateStrategy/type") == "RollingUpdate" {
        update(core, set, revision, &pods, start);
    }
}

/// Replaces pods of older revisions, from the highest number down to the partition, one at a time.
fn update(core: &mut Core, set: &Arc<Value>, revision: &str, pods: &[(i64, Arc<Value>)], start: i64) {
    let partition = int(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default();
    for (at, pod) in pods.iter().rev() {
        if *at < partition.max(start) || terminating(pod) {
            return;
        }
        if text(pod, "/metadata/labels/controller-revision-hash") != revision {
            pods::delete(core, set, pod, COMPONENT);
            return;
        }
        if !pods::ready(pod) {
            return;
        }
    }
}

fn create(core: &mut Core, set: &Arc<Value>, at: i64, revision: &str) -> bool {
    let pod_name = format!("{}-{at}", name(set));
    let mut pod = pods::from_template(set);
    put(&mut pod, &["metadata", "name"], pod_name.clone());
    put(&mut pod, &["metadata", "labels", HASH], revision);
    put(&mut pod, &["metadata", "labels", "statefulset.kubernetes.io/pod-name"], pod_name.clone());
    put(&mut pod, &["metadata", "labels", "apps.kubernetes.io/pod-index"], at.to_string());
    put(&mut pod, &["spec", "hostname"], pod_name.clone());
    let service = text(set, "/spec/serviceName");
    if !service.is_empty() {
        put(&mut pod, &["spec", "subdomain"], service);
    }
    for template in list(set, "/spec/volumeClaimTemplates") {
        let claim = format!("{}-{pod_name}", name(template));
        claim_for(core, set, template, &claim);
        let volume = json!({ "name": name(template), "persistentVolumeClaim": { "claimName": claim } });
        match object(&mut pod, &["spec"]).get_mut("volumes") {
            Some(Value::Array(volumes)) => {
                volumes.retain(|one| one.get("name") != volume.get("name"));
                volumes.push(volume);
            }
            _ => put(&mut pod, &["spec", "volumes"], json!([volume])),
        }
    }
    pods::create(core, set, pod).is_ok()
}

fn claim_for(core: &mut Core, set: &Arc<Value>, template: &Value, claim: &str) {
    if core.get("persistentvolumeclaims", namespace(set), claim).is_some() {
        return;
    }
    let mut new =
        json!({ "metadata": { "name": claim, "namespace": namespace(set) }, "spec": template["spec"] });
    for part in ["labels", "annotations"] {
        if let Some(values) = template.pointer(&format!("/metadata/{part}")) {
            put(&mut new, &["metadata", part], values.clone());
        }
    }
    if let Some(labels) = set.pointer("/spec/selector/matchLabels").and_then(Value::as_object) {
        for (key, value) in labels {
            put(&mut new, &["metadata", "labels", key], value.clone());
        }
    }
    match core.make("persistentvolumeclaims", new, MANAGER) {
        Ok(_) => {
            let message = format!("create Claim {claim} Pod {} in StatefulSet {} success", claim, name(set));
            core.event(set, "Normal", "SuccessfulCreate", &message, COMPONENT);
        }
        Err(error) => core.event(set, "Warning", "FailedCreate", &error.message, COMPONENT),
    }
}

fn write_status(core: &mut Core, set: &Arc<Value>, revision: &str) {
    let pods: Vec<_> = pods(core, set).into_iter().filter(|(_, pod)| pods::active(pod)).collect();
    let ready = pods.iter().filter(|(_, pod)| pods::ready(pod)).count();
    let updated = pods
        .iter()
        .filter(|(_, pod)| text(pod, "/metadata/labels/controller-revision-hash") == revision)
        .count();
    let wanted = int(set, "/spec/replicas").unwrap_or(1);
    let done = i64::try_from(updated).is_ok_and(|count| count == wanted)
        && ready == updated
        && pods.len() == updated;
    let before = text(set, "/status/currentRevision");
    let current = if done || before.is_empty() { revision.to_owned() } else { before.to_owned() };
    let of_current = pods
        .iter()
        .filter(|(_, pod)| text(pod, "/metadata/labels/controller-revision-hash") == current)
        .count();
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"],
        "replicas": pods.len(),
        "availableReplicas": ready,
        "currentRevision": current,
        "updateRevision": revision,
        "collisionCount": 0,
    });
    for (field, count) in
        [("readyReplicas", ready), ("currentReplicas", of_current), ("updatedReplicas", updated)]
    {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    core.modify("statefulsets.apps", namespace(set), name(set), &Writer::status(MANAGER), |set| {
        put(set, &["status"], status);
    });
}
