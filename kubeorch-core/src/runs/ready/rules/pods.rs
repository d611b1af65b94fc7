//! Pods.

use serde_json::Value;

use super::View;
use crate::runs::ready::Readiness;

/// Reasons of a waiting container that do not pass by themselves.
const FATAL: [&str; 7] = [
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
];

pub(super) fn pod(live: View<'_>, _: View<'_>) -> Readiness {
    match live.text("/status/phase") {
        "Succeeded" => return Readiness::ready("completed"),
        "Failed" => {
            let reason = live.text("/status/reason");
            let reason = if reason.is_empty() { "PodFailed" } else { reason };
            return Readiness::failed(reason, failure(live));
        }
        _ => {}
    }
    if live.holds("Ready", "True").is_some() {
        return Readiness::ready("");
    }
    let containers = live.list("/status/initContainerStatuses").iter();
    let waiting = containers.chain(live.list("/status/containerStatuses")).find_map(waiting);
    if let Some((name, reason, message)) = waiting {
        let text = if message.is_empty() {
            format!("container {name}")
        } else {
            format!("container {name}: {message}")
        };
        return if FATAL.contains(&reason) {
            Readiness::failed(reason, text)
        } else {
            Readiness::progressing(reason, text)
        };
    }
    if let Some(why) = live.holds("PodScheduled", "False") {
        return Readiness::progressing(why.reason(), why.message());
    }
    let why = live.holds("Ready", "False");
    Readiness::progressing(why.map_or("Pending", |it| it.reason()), why.map_or("", |it| it.message()))
}

/// Name, reason and message of a container that waits for more than its turn.
fn waiting(status: &Value) -> Option<(&str, &str, &str)> {
    let waiting = status.pointer("/state/waiting")?;
    let reason = waiting.get("reason")?.as_str()?;
    if matches!(reason, "ContainerCreating" | "PodInitializing") {
        return None;
    }
    let name = status.get("name").and_then(Value::as_str).unwrap_or_default();
    Some((name, reason, waiting.get("message").and_then(Value::as_str).unwrap_or_default()))
}

/// What the pod says, else how its first failed container ended.
fn failure(live: View<'_>) -> String {
    let message = live.text("/status/message");
    if !message.is_empty() {
        return message.to_owned();
    }
    let ended = live.list("/status/containerStatuses").iter().find_map(|status| {
        let end = status.pointer("/state/terminated")?;
        let code = end.get("exitCode")?.as_i64().filter(|code| *code != 0)?;
        let name = status.get("name")?.as_str()?;
        Some(format!("container {name} ended with exit code {code}"))
    });
    ended.unwrap_or_else(|| "the pod failed".to_owned())
}
