//! What jobs and the jobs that a schedule makes have in common: pods that end.

use kubeorch_plugin_sdk::{Parameter, Parameters, Reader, RenderRequest, kubernetes::Tree};
use serde_json::json;

use super::{Make, Pods};

const POLICIES: [&str; 2] = ["Never", "OnFailure"];

/// Pods that end, restarted by that policy unless the data names another.
pub(crate) fn pods(reader: &Reader<'_>, request: &RenderRequest, policy: &'static str) -> Pods {
    let policy = reader.choice("restartPolicy", &POLICIES).unwrap_or(policy);
    let pod = Tree::new().set("restartPolicy", policy);
    Pods::read(reader, request, Make { pod, ..Make::default() })
}

/// When a job is given up.
pub(crate) fn limits(reader: &Reader<'_>) -> Tree {
    let most = i64::from(i32::MAX);
    Tree::new()
        .set("backoffLimit", reader.integer("backoffLimit", 0..=most).unwrap_or(6))
        .set_some("activeDeadlineSeconds", reader.integer("activeDeadlineSeconds", 1..=most))
}

/// Parameters of [`limits`].
pub(crate) fn limit_parameters(parameters: Parameters) -> Parameters {
    let backoff = Parameter::integer("backoffLimit", "Retries").default(6).set("minimum", json!(0));
    let deadline = Parameter::integer("activeDeadlineSeconds", "Time limit (s)").set("minimum", json!(1));
    parameters
        .with(backoff.about("How often failed pods are tried again before the job counts as failed."))
        .with(deadline.about("After so long the job is stopped and counts as failed; empty for no limit."))
}

/// The parameter `restartPolicy`.
pub(crate) fn restart_policy(default: &str) -> Parameter {
    let labels = json!({ "Never": "Never: a new pod", "OnFailure": "On failure: the same pod again" });
    Parameter::choice("restartPolicy", "Restart", &POLICIES)
        .default(default)
        .labels(labels)
        .about("What happens when the container fails.")
}
