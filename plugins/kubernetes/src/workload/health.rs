//! How the pods of a workload fare: the one thing that explains best why it is not ready.

use std::fmt;

use kubeorch_plugin_sdk::{
    Phase, Status,
    kubernetes::{at, condition, integer_at, is_deleting, qualified_name, text_at},
};
use serde_json::Value;

/// Reasons of a waiting container that do not pass by themselves.
const FATAL: [&str; 6] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
];

/// Reasons of a waiting container that are its ordinary way up.
const ORDINARY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// Why pods are not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) reason: String,
    pub(crate) object: String,
    pub(crate) message: String,
    /// It will not pass by itself.
    pub(crate) fatal: bool,
}

/// The worst problem among pods; a fatal one before others, else the first in the order of their names.
pub(crate) fn problem<'a>(pods: impl Iterator<Item = &'a Value>) -> Option<Problem> {
    let mut found: Vec<Problem> = pods.filter(|pod| !is_deleting(pod)).filter_map(of_pod).collect();
    found.sort_by(|left, right| right.fatal.cmp(&left.fatal).then_with(|| left.object.cmp(&right.object)));
    found.into_iter().next()
}

fn of_pod(pod: &Value) -> Option<Problem> {
    let object = qualified_name("Pod", pod);
    let statuses =
        |key: &str| at(pod, &["status", key]).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let containers = statuses("initContainerStatuses").iter().chain(statuses("containerStatuses"));
    if let Some(problem) =
        containers.filter_map(|status| of_container(status, &object)).max_by_key(|it| it.fatal)
    {
        return Some(problem);
    }
    let scheduled = condition(pod, "PodScheduled")?;
    if text_at(scheduled, &["status"]) != Some("False") {
        return None;
    }
    let reason = text_at(scheduled, &["reason"])?.to_owned();
    let why = text_at(scheduled, &["message"]).unwrap_or("no cluster node takes it");
    Some(Problem { reason, message: format!("not scheduled: {why}"), object, fatal: false })
}

fn of_container(status: &Value, object: &str) -> Option<Problem> {
    let name = text_at(status, &["name"]).unwrap_or("container");
    let problem = |reason: &str, message: String| {
        let fatal = FATAL.contains(&reason);
        Some(Problem { reason: reason.to_owned(), object: object.to_owned(), message, fatal })
    };
    if let Some(reason) = text_at(status, &["state", "waiting", "reason"]) {
        if ORDINARY.contains(&reason) {
            return None;
        }
        let message = match (reason, ending(status, "lastState")) {
            ("CrashLoopBackOff", Some(ending)) => format!("container {name} keeps crashing: {ending}"),
            _ => match text_at(status, &["state", "waiting", "message"]) {
                Some(message) => format!("container {name}: {reason}: {message}"),
                None => format!("container {name}: {reason}"),
            },
        };
        return problem(reason, message);
    }
    if at(status, &["ready"]).and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let state = if at(status, &["state", "terminated"]).is_some() { "state" } else { "lastState" };
    let reason = text_at(status, &[state, "terminated", "reason"]).filter(|reason| *reason != "Completed")?;
    problem(reason, format!("container {name} ended: {}", ending(status, state)?))
}

/// `OOMKilled, exit code 137, 3 restarts`.
fn ending(status: &Value, state: &str) -> Option<String> {
    let terminated = at(status, &[state, "terminated"])?;
    let mut parts = Vec::new();
    parts.extend(text_at(terminated, &["reason"]).map(str::to_owned));
    parts.extend(integer_at(terminated, &["exitCode"]).map(|code| format!("exit code {code}")));
    match integer_at(status, &["restartCount"]) {
        None | Some(0) => {}
        Some(1) => parts.push("1 restart".to_owned()),
        Some(count) => parts.push(format!("{count} restarts")),
    }
    Some(parts.join(", "))
}

/// Pods of the newest one's revision, so that what is being replaced is not blamed; `label` holds the revision. Some
/// workloads don't say themselves which revision is their own.
pub(crate) fn newest_revision<'a>(pods: &'a [Value], label: &'a str) -> impl Iterator<Item = &'a Value> {
    let revision = move |pod| text_at(pod, &["metadata", "labels", label]);
    let newest =
        pods.iter().max_by_key(|pod| text_at(pod, &["metadata", "creationTimestamp"])).and_then(revision);
    pods.iter().filter(move |pod| revision(pod) == newest)
}

/// What clients call the counts of a workload.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) desired: &'static str,
    pub(crate) ready: &'static str,
    /// What it means that no pod is wanted.
    pub(crate) none: &'static str,
}

/// Workloads that have a number of replicas.
pub(crate) const REPLICAS: Members =
    Members { desired: "replicas", ready: "readyReplicas", none: "scaled to zero" };

/// What is counted of a workload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) of: &'static Members,
    pub(crate) desired: i64,
    pub(crate) ready: i64,
}

impl Counts {
    /// The status of a workload that is not there.
    pub(crate) fn absent(of: &'static Members) -> Status {
        Status::new(Phase::Pending, "partial")
            .member(of.desired, 0)
            .member(of.ready, 0)
            .message("not created yet")
    }

    /// The status from how far the roll-out is and what ails the pods. `Err` says what is still missing.
    pub(crate) fn status(self, done: Result<(), Option<String>>, problem: Option<Problem>) -> Status {
        let Self { of, desired, ready } = self;
        let counted = |status: Status| status.member(of.desired, desired).member(of.ready, ready);
        let missing = match done {
            Ok(()) => {
                let message = if desired == 0 { of.none.to_owned() } else { self.to_string() };
                return counted(Status::new(Phase::Ready, "healthy")).message(message);
            }
            Err(missing) => missing,
        };
        let fatal = problem.as_ref().is_some_and(|problem| problem.fatal);
        let (phase, state) = if fatal { (Phase::Failed, "error") } else { (Phase::Progressing, "partial") };
        let explanation = problem.as_ref().map(|problem| problem.message.clone()).or(missing);
        let message = match explanation {
            Some(explanation) => format!("{self}; {explanation}"),
            None => self.to_string(),
        };
        let status = counted(Status::new(phase, state)).message(message);
        match problem {
            Some(problem) => status.because(problem.reason, Some(problem.object)),
            None => status,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} pods ready", self.ready, self.desired)
    }
}
