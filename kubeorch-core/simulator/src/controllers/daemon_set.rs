//! Daemon sets: one pod on every node.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, MANAGER};
use super::scheduler;
use crate::core::{Core, Writer};
use crate::names::template_hash;
use crate::value::{int_or_percent, name, namespace, put, terminating, text, uid};

const COMPONENT: &str = "daemonset-controller";
const HASH: &str = "controller-revision-hash";

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(set) = core.get("daemonsets.apps", space, own) else { return };
    let hash = template_hash(&set["spec"]["template"], 0);
    let nodes: Vec<_> = core
        .list("nodes", None)
        .into_iter()
        .filter(|node| scheduler::selected(&set["spec"]["template"], node))
        .map(|node| name(&node).to_owned())
        .collect();
    if !terminating(&set) {
        spread(core, &set, &nodes, &hash);
        update(core, &set, &nodes, &hash);
    }
    write_status(core, &set, &nodes, &hash);
}

/// The node a pod of a daemon set is meant for.
fn target(pod: &Value) -> &str {
    text(
        pod,
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0",
    )
}

fn spread(core: &mut Core, set: &Arc<Value>, nodes: &[String], hash: &str) {
    let pods = core.owned(uid(set), "pods");
    for pod in &pods {
        let finished = matches!(text(pod, "/status/phase"), "Failed" | "Succeeded");
        if !terminating(pod) && (finished || !nodes.iter().any(|node| node == target(pod))) {
            pods::delete(core, set, pod, COMPONENT);
        }
    }
    for node in nodes.iter().filter(|node| !pods.iter().any(|pod| target(pod) == **node)) {
        let mut pod = pods::from_template(set);
        put(&mut pod, &["metadata", "generateName"], format!("{}-", name(set)));
        put(&mut pod, &["metadata", "labels", HASH], hash);
        let term = json!({ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": [node] }] });
        let path = ["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
        put(&mut pod, &path, json!({ "nodeSelectorTerms": [term] }));
        if pods::create(core, set, pod).is_err() {
            return;
        }
    }
}

fn update(core: &mut Core, set: &Arc<Value>, nodes: &[String], hash: &str) {
    if text(set, "/spec/updateStrategy/type") != "RollingUpdate" {
        return;
    }
    let total = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
    let limit = set.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable");
    let may_miss = int_or_percent(limit, total, true).unwrap_or(1).max(1);
    let pods = core.owned(uid(set), "pods");
    let serving = pods.iter().filter(|pod| pods::active(pod) && pods::ready(pod)).count();
    let mut spare = may_miss - (total - i64::try_from(serving).unwrap_or_default());
    for pod in pods.iter().filter(|pod| !terminating(pod)) {
        if text(pod, "/metadata/labels/controller-revision-hash") == hash {
            continue;
        }
        // A pod that doesn't serve costs nothing to replace.
        if pods::ready(pod) {
            if spare <= 0 {
                continue;
            }
            spare -= 1;
        }
        pods::delete(core, set, pod, COMPONENT);
    }
}

fn write_status(core: &mut Core, set: &Arc<Value>, nodes: &[String], hash: &str) {
    let pods: Vec<_> = core.owned(uid(set), "pods").into_iter().filter(|pod| pods::active(pod)).collect();
    let ready = pods.iter().filter(|pod| pods::ready(pod)).count();
    let updated =
        pods.iter().filter(|pod| text(pod, "/metadata/labels/controller-revision-hash") == hash).count();
    let mut status = json!({
        "currentNumberScheduled": pods.len(),
        "desiredNumberScheduled": nodes.len(),
        "numberMisscheduled": 0,
        "numberReady": ready,
        "observedGeneration": set["metadata"]["generation"],
    });
    for (field, count) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", nodes.len().saturating_sub(ready)),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    core.modify("daemonsets.apps", namespace(set), name(set), &Writer::status(MANAGER), |set| {
        put(set, &["status"], status);
    });
}
