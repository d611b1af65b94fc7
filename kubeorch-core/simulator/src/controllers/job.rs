//! Jobs: pods until enough of them have finished.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{self, MANAGER};
use crate::core::{Core, Writer};
use crate::value::{condition, flag, int, name, namespace, put, terminating, text, uid};

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(job) = core.get("jobs.batch", space, own) else { return };
    let finished = ["Complete", "Failed"]
        .iter()
        .any(|kind| condition(&job, kind).is_some_and(|found| text(found, "/status") == "True"));
    if terminating(&job) || finished {
        return;
    }
    let all = core.owned(uid(&job), "pods");
    let count = |phase: &str| {
        i64::try_from(all.iter().filter(|pod| text(pod, "/status/phase") == phase).count())
            .unwrap_or(i64::MAX)
    };
    let (succeeded, failed) = (count("Succeeded"), count("Failed"));
    let restarts: i64 = all
        .iter()
        .flat_map(|pod| crate::value::list(pod, "/status/containerStatuses").to_vec())
        .filter_map(|status| int(&status, "/restartCount"))
        .sum();
    let limit = int(&job, "/spec/backoffLimit").unwrap_or(6);
    let wanted = int(&job, "/spec/completions").unwrap_or(1);
    let active: Vec<_> = all.iter().filter(|pod| pods::active(pod)).cloned().collect();
    let end = if succeeded >= wanted {
        Some(("Complete", "CompletionsReached", "Reached expected number of succeeded pods"))
    } else if failed + restarts > limit {
        Some(("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"))
    } else {
        None
    };
    if end.is_some_and(|(kind, _, _)| kind == "Failed") || flag(&job, "/spec/suspend") {
        for pod in &active {
            pods::delete(core, &job, pod, "job-controller");
        }
    } else if end.is_none() {
        fill(core, &job, wanted - succeeded, active.len());
    }
    write_status(core, &job, succeeded, failed, end);
}

/// Starts pods up to the parallelism, never more than still have to finish.
fn fill(core: &mut Core, job: &Arc<Value>, missing: i64, active: usize) {
    let parallel = int(job, "/spec/parallelism").unwrap_or(1).min(missing);
    let active = i64::try_from(active).unwrap_or(i64::MAX);
    for _ in active..parallel {
        let mut pod = pods::from_template(job);
        put(&mut pod, &["metadata", "generateName"], format!("{}-", name(job)));
        if pods::create(core, job, pod).is_err() {
            return;
        }
    }
}

fn write_status(
    core: &mut Core,
    job: &Arc<Value>,
    succeeded: i64,
    failed: i64,
    end: Option<(&str, &str, &str)>,
) {
    let now = core.stamp();
    let pods = core.owned(uid(job), "pods");
    let active = pods.iter().filter(|pod| pods::active(pod)).count();
    let ready = pods.iter().filter(|pod| pods::active(pod) && pods::ready(pod)).count();
    let mut status = job.get("status").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
    if !flag(job, "/spec/suspend") && status.get("startTime").is_none() {
        status["startTime"] = json!(now);
    }
    for (field, count) in [("succeeded", succeeded), ("failed", failed)] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let active = if end.is_some() { 0 } else { active };
    put(&mut status, &["active"], active);
    if active == 0 {
        crate::value::remove(&mut status, &["active"]);
    }
    status["ready"] = json!(if end.is_some() { 0 } else { ready });
    status["terminating"] = json!(0);
    status["uncountedTerminatedPods"] = json!({});
    if let Some((kind, reason, message)) = end {
        let criterion = if kind == "Complete" { "SuccessCriteriaMet" } else { "FailureTarget" };
        let entries: Vec<_> = [criterion, kind]
            .iter()
            .map(|kind| {
                json!({
                    "type": kind, "status": "True", "reason": reason, "message": message,
                    "lastProbeTime": now, "lastTransitionTime": now,
                })
            })
            .collect();
        status["conditions"] = json!(entries);
        if kind == "Complete" {
            status["completionTime"] = json!(now);
            core.event(job, "Normal", "Completed", "Job completed", "job-controller");
        } else {
            core.event(job, "Warning", reason, message, "job-controller");
        }
    }
    core.modify("jobs.batch", namespace(job), name(job), &Writer::status(MANAGER), |job| {
        put(job, &["status"], status);
    });
}
