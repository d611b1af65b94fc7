//! Deployments: a replica set per template, rolled from old to new.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Task;
use super::pods::{MANAGER, condition_entry, owner};
use crate::clock::after;
use crate::core::{Core, Writer};
use crate::names::template_hash;
use crate::value::{
    condition, flag, int, int_or_percent, name, namespace, put, remove, terminating, text, uid,
};

const REVISION: &str = "deployment.kubernetes.io/revision";
const COMPONENT: &str = "deployment-controller";

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(deployment) = core.get("deployments.apps", space, own) else { return };
    if terminating(&deployment) {
        return;
    }
    let hash = template_hash(&deployment["spec"]["template"], 0);
    let sets = core.owned(uid(&deployment), "replicasets.apps");
    let current = sets.iter().find(|set| label(set) == hash).cloned();
    if current.is_none() && !flag(&deployment, "/spec/paused") {
        create_set(core, &deployment, &hash, &sets);
    } else {
        if let Some(current) = &current {
            keep_revision_newest(core, &deployment, current, &sets);
        }
        roll(core, &deployment, current.as_ref(), &sets);
        drop_history(core, &deployment, &hash);
    }
    let sets = core.owned(uid(&deployment), "replicasets.apps");
    write_status(core, &deployment, &hash, &sets);
}

fn label(set: &Value) -> &str {
    text(set, "/metadata/labels/pod-template-hash")
}

fn revision(set: &Value) -> i64 {
    text(set, "/metadata/annotations/deployment.kubernetes.io~1revision").parse().unwrap_or_default()
}

fn create_set(core: &mut Core, deployment: &Arc<Value>, hash: &str, sets: &[Arc<Value>]) {
    let mut template = deployment["spec"]["template"].clone();
    put(&mut template, &["metadata", "labels", "pod-template-hash"], hash);
    let mut selector = deployment["spec"]["selector"].clone();
    put(&mut selector, &["matchLabels", "pod-template-hash"], hash);
    let next = sets.iter().map(|set| revision(set)).max().unwrap_or_default() + 1;
    let replicas = if !sets.is_empty() && text(deployment, "/spec/strategy/type") == "Recreate" {
        0
    } else {
        room(deployment, sets)
    };
    let mut set = json!({
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)),
            "namespace": namespace(deployment),
            "labels": template["metadata"]["labels"],
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": wanted(deployment).to_string(),
                "deployment.kubernetes.io/max-replicas": (wanted(deployment) + surge(deployment)).to_string(),
                REVISION: next.to_string(),
            },
            "ownerReferences": [owner(deployment)],
        },
        "spec": { "replicas": replicas, "selector": selector, "template": template },
    });
    if let Some(seconds) = deployment.pointer("/spec/minReadySeconds") {
        put(&mut set, &["spec", "minReadySeconds"], seconds.clone());
    }
    let made = core.make("replicasets.apps", set, MANAGER);
    if let Err(error) = made {
        core.event(deployment, "Warning", "ReplicaSetCreateError", &error.message, COMPONENT);
        return;
    }
    if replicas > 0 {
        announce(core, deployment, &format!("{}-{hash}", name(deployment)), 0, replicas);
    }
    write_revision(core, deployment, next);
}

fn write_revision(core: &mut Core, deployment: &Value, revision: i64) {
    core.modify(
        "deployments.apps",
        namespace(deployment),
        name(deployment),
        &Writer::controller(MANAGER),
        |one| {
            put(one, &["metadata", "annotations", REVISION], revision.to_string());
        },
    );
}

/// A template that comes back (a rollback) is the newest revision again.
fn keep_revision_newest(core: &mut Core, deployment: &Arc<Value>, current: &Value, sets: &[Arc<Value>]) {
    let newest = sets.iter().map(|set| revision(set)).max().unwrap_or_default();
    let own = revision(current);
    let next = if own < newest { newest + 1 } else { own };
    if next != own {
        core.modify(
            "replicasets.apps",
            namespace(current),
            name(current),
            &Writer::controller(MANAGER),
            |set| {
                put(set, &["metadata", "annotations", REVISION], next.to_string());
            },
        );
    }
    if text(deployment, "/metadata/annotations/deployment.kubernetes.io~1revision") != next.to_string() {
        write_revision(core, deployment, next);
    }
}

fn wanted(deployment: &Value) -> i64 {
    int(deployment, "/spec/replicas").unwrap_or(1)
}

fn surge(deployment: &Value) -> i64 {
    let value = deployment.pointer("/spec/strategy/rollingUpdate/maxSurge");
    int_or_percent(value, wanted(deployment), true).unwrap_or_default()
}

fn may_miss(deployment: &Value) -> i64 {
    let value = deployment.pointer("/spec/strategy/rollingUpdate/maxUnavailable");
    let missing = int_or_percent(value, wanted(deployment), false).unwrap_or_default();
    // Both zero would never move.
    if missing == 0 && surge(deployment) == 0 { 1 } else { missing.min(wanted(deployment)) }
}

fn asked(set: &Value) -> i64 {
    int(set, "/spec/replicas").unwrap_or_default()
}

fn available(set: &Value) -> i64 {
    int(set, "/status/availableReplicas").unwrap_or_default()
}

/// How many replicas a new set may have beside the others.
fn room(deployment: &Value, others: &[Arc<Value>]) -> i64 {
    let total: i64 = others.iter().map(|set| asked(set)).sum();
    (wanted(deployment) + surge(deployment) - total).clamp(0, wanted(deployment))
}

fn roll(core: &mut Core, deployment: &Arc<Value>, current: Option<&Arc<Value>>, sets: &[Arc<Value>]) {
    let Some(current) = current else { return };
    let mut old: Vec<_> = sets.iter().filter(|set| uid(set) != uid(current)).cloned().collect();
    old.sort_by_key(|set| revision(set));
    let wanted = wanted(deployment);
    if flag(deployment, "/spec/paused") && old.iter().any(|set| asked(set) > 0) {
        return;
    }
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        for set in old.iter().filter(|set| asked(set) > 0) {
            scale(core, deployment, set, 0);
        }
        let gone = old.iter().all(|set| core.owned(uid(set), "pods").is_empty());
        if gone && asked(current) != wanted {
            scale(core, deployment, current, wanted);
        }
        return;
    }
    let mut own = asked(current);
    if own > wanted {
        scale(core, deployment, current, wanted);
        own = wanted;
    } else if own < wanted {
        let add = room(deployment, sets).min(wanted - own);
        if add > 0 {
            scale(core, deployment, current, own + add);
            own += add;
        }
    }
    shrink(core, deployment, current, own, &old);
}

/// Takes from the old sets what may go: first what isn't available anyway.
fn shrink(core: &mut Core, deployment: &Arc<Value>, current: &Value, own: i64, old: &[Arc<Value>]) {
    let least = wanted(deployment) - may_miss(deployment);
    let total: i64 = own + old.iter().map(|set| asked(set)).sum::<i64>();
    let missing = own - available(current).min(own);
    let mut spare = total - least - missing;
    let mut counts: Vec<_> = old.iter().map(|set| asked(set)).collect();
    for (set, count) in old.iter().zip(&mut counts) {
        let sick = (*count - available(set)).clamp(0, spare.max(0));
        *count -= sick;
        spare -= sick;
    }
    let serving: i64 = available(current) + old.iter().map(|set| available(set)).sum::<i64>();
    let mut spare = serving - least;
    for (set, count) in old.iter().zip(&mut counts) {
        let take = (*count).min(available(set)).clamp(0, spare.max(0));
        *count -= take;
        spare -= take;
    }
    for (set, count) in old.iter().zip(counts) {
        if count != asked(set) {
            scale(core, deployment, set, count);
        }
    }
}

fn scale(core: &mut Core, deployment: &Arc<Value>, set: &Value, to: i64) {
    let from = asked(set);
    let max = wanted(deployment) + surge(deployment);
    let desired = wanted(deployment);
    core.modify("replicasets.apps", namespace(set), name(set), &Writer::controller(MANAGER), |set| {
        put(set, &["spec", "replicas"], to);
        put(
            set,
            &["metadata", "annotations", "deployment.kubernetes.io/desired-replicas"],
            desired.to_string(),
        );
        put(set, &["metadata", "annotations", "deployment.kubernetes.io/max-replicas"], max.to_string());
    });
    announce(core, deployment, name(set), from, to);
}

fn announce(core: &mut Core, deployment: &Arc<Value>, set: &str, from: i64, to: i64) {
    let way = if to > from { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {set} from {from} to {to}");
    core.event(deployment, "Normal", "ScalingReplicaSet", &message, COMPONENT);
}

fn drop_history(core: &mut Core, deployment: &Value, hash: &str) {
    let keep =
        usize::try_from(int(deployment, "/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or_default();
    let mut old: Vec<_> = core
        .owned(uid(deployment), "replicasets.apps")
        .into_iter()
        .filter(|set| {
            label(set) != hash && asked(set) == 0 && int(set, "/status/replicas").unwrap_or_default() == 0
        })
        .collect();
    old.sort_by_key(|set| revision(set));
    let surplus = old.len().saturating_sub(keep);
    for set in old.iter().take(surplus) {
        core.discard("replicasets.apps", namespace(set), name(set), None);
    }
}

fn write_status(core: &mut Core, deployment: &Arc<Value>, hash: &str, sets: &[Arc<Value>]) {
    let sum = |field: &str| -> i64 {
        sets.iter().map(|set| int(set, &format!("/status/{field}")).unwrap_or_default()).sum()
    };
    let current = sets.iter().find(|set| label(set) == hash);
    let updated = current.and_then(|set| int(set, "/status/replicas")).unwrap_or_default();
    let (total, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let wanted = wanted(deployment);
    let mut status = json!({ "observedGeneration": deployment["metadata"]["generation"] });
    for (field, count) in [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", (wanted - available).max(0)),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let before = deployment.get("status").cloned().unwrap_or_default();
    let progressed = before.pointer("/updatedReplicas") != status.pointer("/updatedReplicas")
        || int(&before, "/replicas").unwrap_or_default() > total
        || int(&before, "/availableReplicas").unwrap_or_default() < available
        || before.pointer("/observedGeneration") != status.pointer("/observedGeneration");
    let complete = updated == wanted && total == wanted && available == wanted;
    let set_name = current.map_or_else(String::new, |set| name(set).to_owned());
    let conditions = conditions(core, deployment, available, complete, progressed, &set_name);
    status["conditions"] = Value::Array(conditions);
    core.modify(
        "deployments.apps",
        namespace(deployment),
        name(deployment),
        &Writer::status(MANAGER),
        |one| {
            put(one, &["status"], status);
            remove(one, &["status", "collisionCount"]);
        },
    );
}

fn conditions(
    core: &mut Core,
    deployment: &Arc<Value>,
    available: i64,
    complete: bool,
    progressed: bool,
    set: &str,
) -> Vec<Value> {
    let now = core.stamp();
    let enough = available >= wanted(deployment) - may_miss_any(deployment);
    let (reason, message) = if enough {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let mut serving = condition_entry(deployment, "Available", enough, reason, message, &now);
    keep_update_time(deployment, &mut serving);
    let mut progress = if complete {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        condition_entry(deployment, "Progressing", true, "NewReplicaSetAvailable", &message, &now)
    } else if progressed || condition(deployment, "Progressing").is_none() {
        let message = format!("ReplicaSet \"{set}\" is progressing.");
        condition_entry(deployment, "Progressing", true, "ReplicaSetUpdated", &message, &now)
    } else {
        overdue(core, deployment, set, &now)
    };
    if complete || !progressed {
        keep_update_time(deployment, &mut progress);
    }
    if !complete && text(&progress, "/status") == "True" {
        let limit = int(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600).unsigned_abs();
        if let Ok(since) = text(&progress, "/lastUpdateTime").parse::<Timestamp>() {
            let due = after(since, Duration::from_secs(limit));
            core.queue.at(due, super::Work::new(Task::Deployment, namespace(deployment), name(deployment)));
        }
    }
    vec![serving, progress]
}

/// Percentages of the strategy, or zero when pods are recreated.
fn may_miss_any(deployment: &Value) -> i64 {
    if text(deployment, "/spec/strategy/type") == "Recreate" { 0 } else { may_miss(deployment) }
}

/// The same condition keeps the time it was last updated at.
fn keep_update_time(deployment: &Value, entry: &mut Value) {
    if let Some(before) = condition(deployment, text(entry, "/type"))
        && ["status", "reason", "message"].iter().all(|field| before.get(*field) == entry.get(*field))
    {
        entry["lastUpdateTime"] = before["lastUpdateTime"].clone();
    }
}

/// Still progressing, or past the deadline since the last progress.
fn overdue(core: &Core, deployment: &Value, set: &str, now: &str) -> Value {
    let before = condition(deployment, "Progressing").cloned().unwrap_or_default();
    let limit = int(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600).unsigned_abs();
    let since = text(&before, "/lastUpdateTime").parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    let late = core.now() >= after(since, Duration::from_secs(limit)) || text(&before, "/status") == "False";
    // A finished rollout that loses pods later is not measured against the deadline.
    if late && text(&before, "/reason") != "NewReplicaSetAvailable" {
        let message = format!("ReplicaSet \"{set}\" has timed out progressing.");
        return condition_entry(deployment, "Progressing", false, "ProgressDeadlineExceeded", &message, now);
    }
    before
}
