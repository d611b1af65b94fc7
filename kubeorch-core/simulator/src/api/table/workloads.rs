//! Cells of pods and of what makes pods.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use crate::value::{int, list, map, terminating, text};

/// How many of how many, as `1/2`.
pub(super) fn ratio(object: &Value, have: &str, want: &str) -> Value {
    format!("{}/{}", int(object, have).unwrap_or_default(), int(object, want).unwrap_or_default()).into()
}

pub(super) fn pod_ready(pod: &Value, _: Timestamp) -> Value {
    let statuses = list(pod, "/status/containerStatuses");
    let ready = statuses.iter().filter(|one| one["ready"] == json!(true)).count();
    format!("{ready}/{}", list(pod, "/spec/containers").len()).into()
}

/// The word `kubectl get pods` shows: the most telling state of any container.
pub(super) fn pod_status(pod: &Value, _: Timestamp) -> Value {
    let reason = text(pod, "/status/reason");
    let phase = text(pod, "/status/phase");
    let mut word = if reason.is_empty() { phase } else { reason }.to_owned();
    let inits = list(pod, "/status/initContainerStatuses");
    let total = inits.len();
    for (at, one) in inits.iter().enumerate() {
        if int(one, "/state/terminated/exitCode") == Some(0)
            || one.pointer("/state/running").is_some()
                && one["started"] == json!(true)
                && one["ready"] == json!(true)
        {
            continue;
        }
        let ended = text(one, "/state/terminated/reason");
        let waits = text(one, "/state/waiting/reason");
        word = if !ended.is_empty() {
            format!("Init:{ended}")
        } else if !waits.is_empty() && waits != "PodInitializing" && waits != "ContainerCreating" {
            format!("Init:{waits}")
        } else {
            format!("Init:{at}/{total}")
        };
        return done(pod, word);
    }
    let mut running = false;
    for one in list(pod, "/status/containerStatuses").iter().rev() {
        let (waits, ended) = (text(one, "/state/waiting/reason"), text(one, "/state/terminated/reason"));
        if !waits.is_empty() {
            waits.clone_into(&mut word);
        } else if !ended.is_empty() {
            ended.clone_into(&mut word);
        } else if one["ready"] == json!(true) && one.pointer("/state/running").is_some() {
            running = true;
        }
    }
    if word == "Completed" && running {
        "Running".clone_into(&mut word);
    }
    done(pod, word)
}

fn done(pod: &Value, word: String) -> Value {
    if terminating(pod) { "Terminating".into() } else { word.into() }
}

pub(super) fn pod_restarts(pod: &Value, now: Timestamp) -> Value {
    let statuses =
        || list(pod, "/status/containerStatuses").iter().chain(list(pod, "/status/initContainerStatuses"));
    let count: i64 = statuses().filter_map(|one| int(one, "/restartCount")).sum();
    let last = statuses().map(|one| text(one, "/lastState/terminated/finishedAt")).max().unwrap_or_default();
    if count == 0 || last.is_empty() {
        return count.to_string().into();
    }
    let ago = since(last, now);
    format!("{count} ({} ago)", ago.as_str().unwrap_or_default()).into()
}

/// A text field, `<none>` when empty.
pub(super) fn or_none(object: &Value, pointer: &str) -> Value {
    match text(object, pointer) {
        "" => "<none>".into(),
        found => found.into(),
    }
}

/// A label selector as `kubectl` writes it.
pub(super) fn selector(object: &Value, pointer: &str) -> Value {
    let Some(found) = object.pointer(pointer) else { return "<none>".into() };
    let labels = map(found, "/matchLabels").or_else(|| found.as_object());
    let mut parts: Vec<_> = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| value.as_str().map(|value| format!("{key}={value}")))
        .collect();
    for one in list(found, "/matchExpressions") {
        let values: Vec<_> = list(one, "/values").iter().filter_map(Value::as_str).collect();
        let key = text(one, "/key");
        parts.push(match text(one, "/operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.sort_unstable();
    if parts.is_empty() { "<none>".into() } else { parts.join(",").into() }
}

/// A field of every container of a template, joined.
pub(super) fn containers(object: &Value, field: &str) -> Value {
    let pointer = if object.pointer("/spec/jobTemplate").is_some() {
        "/spec/jobTemplate/spec/template/spec/containers"
    } else {
        "/spec/template/spec/containers"
    };
    let all: Vec<_> = list(object, pointer).iter().filter_map(|one| one.get(field)?.as_str()).collect();
    all.join(",").into()
}

/// `Complete`, `Failed`, `Suspended` or `Running`.
pub(super) fn job_status(job: &Value, _: Timestamp) -> Value {
    let is =
        |kind: &str| crate::value::condition(job, kind).is_some_and(|one| text(one, "/status") == "True");
    let word = if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if terminating(job) {
        "Terminating"
    } else if crate::value::flag(job, "/spec/suspend") {
        "Suspended"
    } else {
        "Running"
    };
    word.into()
}
