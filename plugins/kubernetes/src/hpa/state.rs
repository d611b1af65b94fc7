//! How an autoscaler fares.

use kubeorch_plugin_sdk::{
    Phase, Status,
    kubernetes::{at, condition, integer_at, qualified_name, text_at},
};
use serde_json::Value;

use super::KIND;

/// The state told from the live object.
pub(super) fn of(live: Option<&Value>) -> Status {
    let Some(live) = live else { return Status::new(Phase::Pending, "pending").message("not created yet") };
    let used = |resource: &str| {
        let metrics = at(live, &["status", "currentMetrics"])?.as_array()?;
        let of_resource = metrics.iter().find(|it| text_at(it, &["resource", "name"]) == Some(resource))?;
        integer_at(of_resource, &["resource", "current", "averageUtilization"])
    };
    state(live)
        .member_if("currentReplicas", integer_at(live, &["status", "currentReplicas"]))
        .member_if("desiredReplicas", integer_at(live, &["status", "desiredReplicas"]))
        .member_if("currentCPU", used("cpu"))
        .member_if("currentMemory", used("memory"))
}

fn state(live: &Value) -> Status {
    let is = |kind: &str, status: &str| {
        condition(live, kind).filter(|it| text_at(it, &["status"]) == Some(status))
    };
    let seen = integer_at(live, &["status", "observedGeneration"]);
    let newest = integer_at(live, &["metadata", "generation"]);
    // Not every server counts generations of autoscalers.
    let stale = seen.zip(newest).is_some_and(|(seen, newest)| seen < newest);
    if stale || condition(live, "AbleToScale").is_none() {
        return Status::new(Phase::Progressing, "pending").message("not taken up yet");
    }
    if let Some(why) = is("AbleToScale", "False") {
        return error(live, why, "cannot scale");
    }
    if let Some(why) = is("ScalingActive", "False") {
        return match text_at(why, &["reason"]) {
            Some("ScalingDisabled") => {
                Status::new(Phase::Ready, "stable").message("off while the target is scaled to zero")
            }
            _ => error(live, why, "cannot tell how many pods are wanted"),
        };
    }
    let replicas = |key: &str| integer_at(live, &["status", key]).unwrap_or(0);
    let (current, desired) = (replicas("currentReplicas"), replicas("desiredReplicas"));
    if current != desired {
        return Status::new(Phase::Ready, "scaling").message(format!("from {current} to {desired} pods"));
    }
    // At its fewest pods is where an idle workload rests; only at the most of them something is wanting.
    let limited =
        is("ScalingLimited", "True").filter(|it| text_at(it, &["reason"]) == Some("TooManyReplicas"));
    if limited.is_some() {
        let message = format!("more than the {current} pods allowed are wanted");
        return Status::new(Phase::Ready, "limited").message(message);
    }
    Status::new(Phase::Ready, "stable").message(if current == 1 {
        "1 pod".to_owned()
    } else {
        format!("{current} pods")
    })
}

/// Metrics come a while after the first pods, and a missing target may still come: it may pass by itself.
fn error(live: &Value, condition: &Value, what: &str) -> Status {
    let reason = text_at(condition, &["reason"]).unwrap_or(KIND);
    let why = text_at(condition, &["message"]).unwrap_or(reason);
    let status = Status::new(Phase::Progressing, "error").message(format!("{what}: {why}"));
    status.because(reason, Some(qualified_name(KIND, live)))
}
