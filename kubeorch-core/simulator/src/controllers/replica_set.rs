//! Replica sets: as many pods as asked for.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, MANAGER};
use crate::core::{Core, Writer};
use crate::value::{int, map, name, put, terminating, text, uid};

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(set) = core.get("replicasets.apps", space, own) else { return };
    let all = core.owned(uid(&set), "pods");
    let active: Vec<_> = all.iter().filter(|pod| pods::active(pod)).cloned().collect();
    if !terminating(&set) {
        scale(core, &set, active);
    }
    let active: Vec<_> = core.owned(uid(&set), "pods").into_iter().filter(|pod| pods::active(pod)).collect();
    write_status(core, &set, &active);
}

fn scale(core: &mut Core, set: &Arc<Value>, mut active: Vec<Arc<Value>>) {
    let wanted = int(set, "/spec/replicas").unwrap_or(1);
    let have = i64::try_from(active.len()).unwrap_or(i64::MAX);
    for _ in have..wanted {
        let mut pod = pods::from_template(set);
        put(&mut pod, &["metadata", "generateName"], format!("{}-", name(set)));
        if pods::create(core, set, pod).is_err() {
            return;
        }
    }
    let surplus = usize::try_from(have - wanted).unwrap_or_default();
    // The least useful go first: without a node, not ready, youngest.
    active.sort_by_key(|pod| {
        let assigned = !text(pod, "/spec/nodeName").is_empty();
        (assigned, pods::ready(pod), std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned()))
    });
    for pod in active.iter().take(surplus) {
        pods::delete(core, set, pod, "replicaset-controller");
    }
}

fn write_status(core: &mut Core, set: &Value, active: &[Arc<Value>]) {
    let ready = active.iter().filter(|pod| pods::ready(pod)).count();
    let labels = map(set, "/spec/template/metadata/labels");
    let labelled = active
        .iter()
        .filter(|pod| {
            labels.is_none_or(|labels| {
                labels.iter().all(|(key, value)| {
                    map(pod, "/metadata/labels").and_then(|have| have.get(key)) == Some(value)
                })
            })
        })
        .count();
    let mut status = json!({ "replicas": active.len() });
    if labelled > 0 {
        status["fullyLabeledReplicas"] = json!(labelled);
    }
    if ready > 0 {
        status["readyReplicas"] = json!(ready);
        status["availableReplicas"] = json!(ready);
    }
    status["observedGeneration"] = set["metadata"]["generation"].clone();
    core.modify(
        "replicasets.apps",
        crate::value::namespace(set),
        name(set),
        &Writer::status(MANAGER),
        |set| {
            put(set, &["status"], status);
        },
    );
}
