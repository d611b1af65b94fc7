//! Finding a node for a pod.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Task;
use super::loads::Load;
use crate::clock::after;
use crate::core::{Core, Writer};
use crate::store::selects;
use crate::usage::thousandths;
use crate::value::{flag, list, map, name, namespace, put, terminating, text};

const COMPONENT: &str = "default-scheduler";

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let place = (space.to_owned(), own.to_owned());
    let Some(pod) = core.get("pods", space, own) else {
        core.pods.unscheduled.remove(&place);
        return;
    };
    let foreign = text(&pod, "/spec/schedulerName") != COMPONENT;
    if terminating(&pod) || !text(&pod, "/spec/nodeName").is_empty() || foreign {
        core.pods.unscheduled.remove(&place);
        return;
    }
    match find(core, &pod) {
        Ok(node) => {
            core.pods.unscheduled.remove(&place);
            assign(core, &pod, &node);
        }
        Err(why) => refuse(core, &pod, &why),
    }
}

fn assign(core: &mut Core, pod: &Arc<Value>, node: &str) {
    let now = core.stamp();
    let writer = Writer { subresource: "binding".to_owned(), ..Writer::controller("kube-scheduler") };
    core.modify("pods", namespace(pod), name(pod), &writer, |pod| {
        put(pod, &["spec", "nodeName"], node);
        let condition = json!({ "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now });
        put(pod, &["status", "conditions"], json!([condition]));
    });
    let message = format!("Successfully assigned {}/{} to {node}", namespace(pod), name(pod));
    core.event(pod, "Normal", "Scheduled", &message, COMPONENT);
}

fn refuse(core: &mut Core, pod: &Arc<Value>, why: &str) {
    core.pods.unscheduled.insert((namespace(pod).to_owned(), name(pod).to_owned()));
    let now = core.stamp();
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why,
        "lastProbeTime": null, "lastTransitionTime": now,
    });
    let same =
        crate::value::condition(pod, "PodScheduled").is_some_and(|found| text(found, "/message") == why);
    if !same {
        let writer = Writer { subresource: "status".to_owned(), ..Writer::controller("kube-scheduler") };
        core.modify("pods", namespace(pod), name(pod), &writer, |pod| {
            put(pod, &["status", "conditions"], json!([condition]));
        });
        core.event(pod, "Warning", "FailedScheduling", why, COMPONENT);
    }
    // As the scheduler's own queue of unschedulable pods: a look now and then, whatever happens.
    let due = after(core.now(), std::time::Duration::from_mins(5));
    core.queue.at(due, super::Work::new(Task::Schedule, namespace(pod), name(pod)));
}

/// The node with the fewest pods that fits, or the scheduler's words why none does.
fn find(core: &Core, pod: &Value) -> Result<String, String> {
    let nodes = core.list("nodes", None);
    let total = nodes.len();
    for volume in list(pod, "/spec/volumes") {
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        if claim.is_empty() {
            continue;
        }
        match core.get("persistentvolumeclaims", namespace(pod), claim) {
            None => return Err(format!("persistentvolumeclaim \"{claim}\" not found")),
            Some(found) if text(&found, "/status/phase") != "Bound" => {
                return Err(format!(
                    "0/{total} nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling."
                ));
            }
            Some(_) => {}
        }
    }
    if total == 0 {
        return Err("no nodes available to schedule pods".to_owned());
    }
    let mut reasons: Vec<(String, usize)> = Vec::new();
    let mut best: Option<(i64, String)> = None;
    for node in &nodes {
        match fits(core, pod, node) {
            Ok(load) => {
                if best.as_ref().is_none_or(|(least, _)| load < *least) {
                    best = Some((load, name(node).to_owned()));
                }
            }
            Err(why) => match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, count)) => *count += 1,
                None => reasons.push((why, 1)),
            },
        }
    }
    best.map(|(_, node)| node).ok_or_else(|| {
        let parts: Vec<_> = reasons.iter().map(|(why, count)| format!("{count} {why}")).collect();
        format!("0/{total} nodes are available: {}. preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling.", parts.join(", "))
    })
}

/// How many pods a node that fits has already.
fn fits(core: &Core, pod: &Value, node: &Value) -> Result<i64, String> {
    if flag(node, "/spec/unschedulable") {
        return Err("node(s) were unschedulable".to_owned());
    }
    let template = json!({ "spec": pod["spec"] });
    if !selected(&template, node) {
        return Err("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    for taint in list(node, "/spec/taints") {
        let effect = text(taint, "/effect");
        if effect != "PreferNoSchedule" && !tolerated(pod, taint) {
            return Err(format!(
                "node(s) had untolerated taint {{{}: {}}}",
                text(taint, "/key"),
                text(taint, "/value")
            ));
        }
    }
    let there = core.loads.of(name(node));
    let room = node.pointer("/status/allocatable/pods").and_then(thousandths).unwrap_or(110_000) / 1000;
    if there.pods >= room {
        return Err("Too many pods".to_owned());
    }
    let wanted = Load::of(pod);
    for (resource, used, more) in [("cpu", there.cpu, wanted.cpu), ("memory", there.memory, wanted.memory)] {
        let has = node.pointer(&format!("/status/allocatable/{resource}")).and_then(thousandths);
        if used + more > has.unwrap_or_default() {
            return Err(format!("Insufficient {resource}"));
        }
    }
    Ok(there.pods)
}

fn tolerated(pod: &Value, taint: &Value) -> bool {
    list(pod, "/spec/tolerations").iter().any(|toleration| {
        let key = text(toleration, "/key");
        let effect = text(toleration, "/effect");
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (key == text(taint, "/key") || (key.is_empty() && text(toleration, "/operator") == "Exists"))
            && (text(toleration, "/operator") == "Exists"
                || text(toleration, "/value") == text(taint, "/value"))
    })
}

/// Whether node selector and required node affinity of a template take a node.
pub(super) fn selected(template: &Value, node: &Value) -> bool {
    let labels = map(node, "/metadata/labels");
    let plain = map(template, "/spec/nodeSelector").is_none_or(|wanted| {
        wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
    });
    let terms = list(
        template,
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
    );
    plain
        && (terms.is_empty()
            || terms.iter().any(|term| {
                let names = list(term, "/matchFields").iter().all(|field| {
                    list(field, "/values").iter().any(|value| value.as_str() == Some(name(node)))
                });
                let expressions = json!({ "matchExpressions": list(term, "/matchExpressions") });
                names && selects(Some(&expressions), node)
            }))
}
