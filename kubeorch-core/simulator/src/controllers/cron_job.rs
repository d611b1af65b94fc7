//! Cron jobs: a job at every minute of the schedule.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::{MANAGER, owner};
use super::schedule::Schedule;
use super::{Task, Work};
use crate::clock::stamp;
use crate::core::{Core, Writer};
use crate::value::{condition, flag, int, name, namespace, put, remove, terminating, text, uid};

const COMPONENT: &str = "cronjob-controller";

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(cron) = core.get("cronjobs.batch", space, own) else { return };
    if terminating(&cron) {
        return;
    }
    drop_history(core, &cron);
    let mut last = None;
    if let Some(schedule) =
        Schedule::parse(text(&cron, "/spec/schedule")).filter(|_| !flag(&cron, "/spec/suspend"))
    {
        let since = ["/status/lastScheduleTime", "/metadata/creationTimestamp"]
            .iter()
            .find_map(|pointer| text(&cron, pointer).parse::<Timestamp>().ok());
        let now = core.now();
        let mut due = since.and_then(|since| schedule.next(since));
        // Of several missed times only the latest is made up for.
        while let Some(at) = due.filter(|at| *at <= now) {
            last = Some(at);
            due = schedule.next(at);
        }
        if let Some(due) = due {
            core.queue.at(due, Work::new(Task::CronJob, space, own));
        }
        if let Some(at) = last {
            start(core, &cron, at);
        }
    }
    write_status(core, &cron, last);
}

fn finished(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"]
        .into_iter()
        .find(|kind| condition(job, kind).is_some_and(|found| text(found, "/status") == "True"))
}

fn start(core: &mut Core, cron: &Arc<Value>, at: Timestamp) {
    let running: Vec<_> =
        core.owned(uid(cron), "jobs.batch").into_iter().filter(|job| finished(job).is_none()).collect();
    match text(cron, "/spec/concurrencyPolicy") {
        "Forbid" if !running.is_empty() => {
            let message =
                "Not starting job because prior execution is running and concurrency policy is Forbid";
            core.event(cron, "Normal", "JobAlreadyActive", message, COMPONENT);
            return;
        }
        "Replace" => {
            for job in &running {
                core.discard("jobs.batch", namespace(job), name(job), None);
            }
        }
        _ => {}
    }
    let template = &cron["spec"]["jobTemplate"];
    // The scheduled minute names the job, so that one time never starts two.
    let job_name = format!("{}-{}", name(cron), at.as_second() / 60);
    let mut job = json!({
        "metadata": {
            "name": job_name,
            "namespace": namespace(cron),
            "annotations": { "batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(at) },
            "ownerReferences": [owner(cron)],
        },
        "spec": template["spec"],
    });
    if let Some(labels) = template.pointer("/metadata/labels") {
        put(&mut job, &["metadata", "labels"], labels.clone());
    }
    match core.make("jobs.batch", job, MANAGER) {
        Ok(_) => {
            core.event(cron, "Normal", "SuccessfulCreate", &format!("Created job {job_name}"), COMPONENT);
        }
        Err(error) => core.event(cron, "Warning", "FailedCreate", &error.message, COMPONENT),
    }
}

fn drop_history(core: &mut Core, cron: &Value) {
    for (kind, field, standard) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let keep = int(cron, &format!("/spec/{field}")).unwrap_or(standard);
        let mut jobs: Vec<_> = core
            .owned(uid(cron), "jobs.batch")
            .into_iter()
            .filter(|job| finished(job) == Some(kind))
            .collect();
        jobs.sort_by_key(|job| text(job, "/status/startTime").to_owned());
        let surplus = jobs.len().saturating_sub(usize::try_from(keep).unwrap_or_default());
        for job in jobs.iter().take(surplus) {
            core.discard("jobs.batch", namespace(job), name(job), None);
        }
    }
}

fn write_status(core: &mut Core, cron: &Arc<Value>, last: Option<Timestamp>) {
    let jobs = core.owned(uid(cron), "jobs.batch");
    let active: Vec<_> = jobs
        .iter()
        .filter(|job| finished(job).is_none())
        .map(|job| {
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "name": name(job), "namespace": namespace(job),
                "uid": uid(job), "resourceVersion": job["metadata"]["resourceVersion"],
            })
        })
        .collect();
    let success = jobs
        .iter()
        .filter(|job| finished(job) == Some("Complete"))
        .map(|job| text(job, "/status/completionTime").to_owned())
        .max();
    core.modify("cronjobs.batch", namespace(cron), name(cron), &Writer::status(MANAGER), |cron| {
        put(cron, &["status", "active"], Value::Array(active.clone()));
        if active.is_empty() {
            remove(cron, &["status", "active"]);
        }
        if let Some(last) = last {
            put(cron, &["status", "lastScheduleTime"], stamp(last));
        }
        if let Some(success) = success {
            put(cron, &["status", "lastSuccessfulTime"], success);
        }
    });
}
