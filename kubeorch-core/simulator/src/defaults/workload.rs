//! Defaults of the workload kinds.

use serde_json::{Value, json};

use super::pod::{object_at, spec};
use crate::value::{put, put_default, text, uid};

fn template(new: &mut Value) {
    let template = object_at(new, &["spec", "template"]);
    if let Some(meta) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        // A null here is what typed clients send; it says nothing.
        meta.retain(|_, value| !value.is_null());
    }
    spec(object_at(new, &["spec", "template", "spec"]), "Always");
}

pub(super) fn deployment(new: &mut Value) {
    template(new);
    put_default(new, &["spec", "replicas"], 1);
    put_default(new, &["spec", "strategy", "type"], "RollingUpdate");
    if text(new, "/spec/strategy/type") == "RollingUpdate" {
        put_default(new, &["spec", "strategy", "rollingUpdate", "maxSurge"], "25%");
        put_default(new, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%");
    }
    put_default(new, &["spec", "revisionHistoryLimit"], 10);
    put_default(new, &["spec", "progressDeadlineSeconds"], 600);
}

pub(super) fn replica_set(new: &mut Value) {
    template(new);
    put_default(new, &["spec", "replicas"], 1);
}

pub(super) fn stateful_set(new: &mut Value) {
    template(new);
    put_default(new, &["spec", "replicas"], 1);
    put_default(new, &["spec", "podManagementPolicy"], "OrderedReady");
    put_default(new, &["spec", "updateStrategy", "type"], "RollingUpdate");
    if text(new, "/spec/updateStrategy/type") == "RollingUpdate" {
        put_default(new, &["spec", "updateStrategy", "rollingUpdate", "partition"], 0);
    }
    put_default(new, &["spec", "revisionHistoryLimit"], 10);
    put_default(new, &["spec", "serviceName"], "");
    put_default(new, &["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain");
    put_default(new, &["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain");
    if let Some(Value::Array(claims)) = new.pointer_mut("/spec/volumeClaimTemplates") {
        for claim in claims.iter_mut().filter(|one| one.is_object()) {
            put(claim, &["apiVersion"], "v1");
            put(claim, &["kind"], "PersistentVolumeClaim");
            super::storage::claim(claim);
        }
    }
}

pub(super) fn daemon_set(new: &mut Value) {
    template(new);
    put_default(new, &["spec", "updateStrategy", "type"], "RollingUpdate");
    if text(new, "/spec/updateStrategy/type") == "RollingUpdate" {
        put_default(new, &["spec", "updateStrategy", "rollingUpdate", "maxSurge"], 0);
        put_default(new, &["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"], 1);
    }
    put_default(new, &["spec", "revisionHistoryLimit"], 10);
}

/// A job without `manualSelector` gets a selector of its own uid, on itself and its template.
pub(super) fn job(new: &mut Value) {
    job_spec(new);
    let own = uid(new).to_owned();
    if own.is_empty() || new.pointer("/spec/manualSelector") == Some(&json!(true)) {
        return;
    }
    let name = crate::value::name(new).to_owned();
    put_default(new, &["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"], own.clone());
    for (label, value) in [
        ("batch.kubernetes.io/controller-uid", &own),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &own),
        ("job-name", &name),
    ] {
        put_default(new, &["spec", "template", "metadata", "labels", label], value.clone());
    }
}

fn job_spec(new: &mut Value) {
    template(new);
    if new.pointer("/spec/completions").is_none() && new.pointer("/spec/parallelism").is_none() {
        put(new, &["spec", "completions"], 1);
    }
    put_default(new, &["spec", "parallelism"], 1);
    put_default(new, &["spec", "backoffLimit"], 6);
    put_default(new, &["spec", "completionMode"], "NonIndexed");
    put_default(new, &["spec", "suspend"], false);
    put_default(new, &["spec", "podReplacementPolicy"], "TerminatingOrFailed");
}

pub(super) fn cron_job(new: &mut Value) {
    put_default(new, &["spec", "concurrencyPolicy"], "Allow");
    put_default(new, &["spec", "suspend"], false);
    put_default(new, &["spec", "successfulJobsHistoryLimit"], 3);
    put_default(new, &["spec", "failedJobsHistoryLimit"], 1);
    template(object_at(new, &["spec", "jobTemplate"]));
}

/// `autoscaling/v2`: one replica at least, and 80 % of the requested CPU when no metric is named.
pub(super) fn autoscaler(new: &mut Value) {
    put_default(new, &["spec", "minReplicas"], 1);
    let cpu = json!([{
        "type": "Resource",
        "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } },
    }]);
    put_default(new, &["spec", "metrics"], cpu);
    if new.pointer("/spec/behavior").is_none() {
        return;
    }
    let pods = json!({ "type": "Pods", "value": 4, "periodSeconds": 15 });
    let percent = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
    for (part, window, policies) in
        [("scaleUp", Some(0), json!([pods, percent])), ("scaleDown", None, json!([percent]))]
    {
        put_default(new, &["spec", "behavior", part, "selectPolicy"], "Max");
        put_default(new, &["spec", "behavior", part, "policies"], policies);
        if let Some(window) = window {
            put_default(new, &["spec", "behavior", part, "stabilizationWindowSeconds"], window);
        }
    }
}
