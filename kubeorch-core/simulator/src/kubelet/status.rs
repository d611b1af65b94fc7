//! `status` of a pod, from what its containers do.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Runtime;
use super::container::{Container, End, State};
use crate::clock::stamp;
use crate::core::{Core, Writer};
use crate::value::{condition, name, namespace, put, text};

/// Writes the status when it has changed.
pub(super) fn write(core: &mut Core, pod: &Value, runtime: &Runtime) {
    let now = core.now();
    let timing = core.config.timing;
    let (init, main) = runtime.containers.split_at(runtime.init);
    let initialized = init.iter().all(|one| match &one.state {
        State::Ended(end) => end.code == 0,
        State::Running { .. } => main.iter().any(|one| one.state != State::New),
        _ => false,
    });
    let ready = |one: &Container| match one.state {
        State::Running { since } => one.ready_at(since, &timing).is_some_and(|at| at <= now),
        _ => false,
    };
    let phase = phase(init, main);
    let finished = matches!(phase, "Succeeded" | "Failed");
    let all_ready = !main.is_empty() && main.iter().all(ready);
    let running = main.iter().any(|one| matches!(one.state, State::Running { .. }));
    let mut status = pod.get("status").cloned().unwrap_or_else(|| json!({}));
    status["phase"] = json!(phase);
    let node = core.get("nodes", "", text(pod, "/spec/nodeName"));
    let host = node.as_deref().map_or("", |node| text(node, "/status/addresses/0/address")).to_owned();
    status["hostIP"] = json!(host);
    status["hostIPs"] = json!([{ "ip": host }]);
    if init.iter().chain(main).any(|one| !matches!(one.state, State::New | State::Pulling { .. })) {
        status["podIP"] = json!(runtime.address);
        status["podIPs"] = json!([{ "ip": runtime.address }]);
    }
    status["startTime"] = json!(runtime.started);
    let none = main.iter().filter(|one| !ready(one)).map(|one| one.name.clone()).collect::<Vec<_>>();
    let why = if finished {
        Some(("PodCompleted", String::new()))
    } else {
        Some(("ContainersNotReady", format!("containers with unready status: [{}]", none.join(" "))))
    };
    let entries = [
        ("PodReadyToStartContainers", !finished && (running || status.get("podIP").is_some()), None),
        ("Initialized", initialized, if finished { Some(("PodCompleted", String::new())) } else { None }),
        ("Ready", all_ready, why.clone()),
        ("ContainersReady", all_ready, why),
        ("PodScheduled", true, None),
    ];
    let entries: Vec<_> =
        entries.iter().map(|(kind, on, why)| entry(pod, kind, *on, why.as_ref(), now)).collect();
    status["conditions"] = json!(entries);
    let statuses = |all: &[Container]| -> Vec<Value> {
        all.iter().map(|one| container(one, ready(one) || ended_well(one), now)).collect()
    };
    if !init.is_empty() {
        status["initContainerStatuses"] = json!(statuses(init));
    }
    let own: Vec<_> = main.iter().map(|one| container(one, ready(one), now)).collect();
    status["containerStatuses"] = json!(own);
    core.modify("pods", namespace(pod), name(pod), &Writer::status("kubelet"), |pod| {
        put(pod, &["status"], status);
    });
}

fn ended_well(one: &Container) -> bool {
    matches!(&one.state, State::Ended(end) if end.code == 0)
}

fn phase(init: &[Container], main: &[Container]) -> &'static str {
    let failed = |one: &Container| matches!(&one.state, State::Ended(end) if end.code != 0);
    if init.iter().any(failed) {
        return "Failed";
    }
    if main.iter().all(|one| matches!(one.state, State::Ended(_))) && !main.is_empty() {
        return if main.iter().any(failed) { "Failed" } else { "Succeeded" };
    }
    let begun = main.iter().any(|one| {
        matches!(one.state, State::Running { .. } | State::Backoff { .. } | State::Ended(_))
            || one.restarts > 0
    });
    if begun { "Running" } else { "Pending" }
}

fn entry(pod: &Value, kind: &str, on: bool, why: Option<&(&str, String)>, now: Timestamp) -> Value {
    let status = if on { "True" } else { "False" };
    let since = condition(pod, kind)
        .filter(|found| text(found, "/status") == status)
        .map_or_else(|| stamp(now), |found| text(found, "/lastTransitionTime").to_owned());
    let mut out =
        json!({ "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": since });
    if let Some((reason, message)) = why.filter(|_| !on || *kind == *"Initialized") {
        out["reason"] = json!(reason);
        if !message.is_empty() {
            out["message"] = json!(message);
        }
    }
    out
}

fn container(one: &Container, ready: bool, now: Timestamp) -> Value {
    let state = match &one.state {
        State::New | State::Pulling { .. } | State::Starting { .. } => waiting("ContainerCreating", ""),
        State::NoImage { first: true, .. } => {
            waiting("ErrImagePull", &format!("failed to pull image \"{}\": not found", one.image))
        }
        State::NoImage { first: false, .. } => {
            waiting("ImagePullBackOff", &format!("Back-off pulling image \"{}\"", one.image))
        }
        State::NoConfig { why } => waiting("CreateContainerConfigError", why),
        State::Running { since } => json!({ "running": { "startedAt": stamp(*since) } }),
        State::Backoff { until } if *until > now && one.last.is_some() => {
            let wait = until.duration_since(one.last.as_ref().map_or(now, |end| end.finished)).as_secs();
            let message = format!("back-off {wait}s restarting failed container={}", one.name);
            waiting("CrashLoopBackOff", &message)
        }
        State::Backoff { .. } => {
            one.last.as_ref().map_or_else(|| waiting("ContainerCreating", ""), |end| terminated(one, end))
        }
        State::Ended(end) => terminated(one, end),
    };
    let begun = !matches!(
        one.state,
        State::New | State::Pulling { .. } | State::NoImage { .. } | State::NoConfig { .. }
    );
    let mut out = json!({
        "name": one.name,
        "image": one.image,
        "imageID": if begun { format!("simulator://{}", one.image) } else { String::new() },
        "ready": ready,
        "started": matches!(one.state, State::Running { .. }),
        "restartCount": one.restarts,
        "state": state,
        "lastState": {},
    });
    if begun {
        out["containerID"] = json!(format!("simulator://{}", one.id));
    }
    if let Some(end) = &one.last {
        out["lastState"] = terminated(one, end);
    }
    out
}

fn waiting(reason: &str, message: &str) -> Value {
    if message.is_empty() {
        json!({ "waiting": { "reason": reason } })
    } else {
        json!({ "waiting": { "reason": reason, "message": message } })
    }
}

fn terminated(one: &Container, end: &End) -> Value {
    json!({ "terminated": {
        "exitCode": end.code, "reason": end.reason, "startedAt": stamp(end.started),
        "finishedAt": stamp(end.finished), "containerID": format!("simulator://{}", one.id),
    } })
}
