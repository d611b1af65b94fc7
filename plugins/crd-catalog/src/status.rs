//! How a custom resource fares: by its conditions, else by the word that its operator writes, in the vocabulary of
//! contract 5.8.

use kubeorch_plugin_sdk::{
    Phase, Status, StatusRequest,
    kubernetes::{at, condition, integer_at, is_deleting, qualified_name, text_at},
};
use serde_json::Value;

use crate::model::{NodeType, PhaseRule};

/// Told from the main object alone.
pub(crate) fn status(node_type: &NodeType, request: &StatusRequest) -> Status {
    let Some(object) = request.live(&node_type.kind) else {
        return Status::new(Phase::Pending, "pending").message("not created yet");
    };
    let status = if is_deleting(object) {
        Status::new(Phase::Progressing, "partial").message("being deleted")
    } else if node_type.status.silent {
        Status::created(Some(object))
    } else {
        reported(node_type, object)
    };
    let members = node_type.status.members.iter().filter_map(|(member, path)| {
        let path: Vec<&str> = path.as_str()?.split('.').collect();
        Some((member, at(object, &path)?.clone()))
    });
    members.fold(status, |status, (member, value)| status.member(member, value))
}

fn reported(node_type: &NodeType, object: &Value) -> Status {
    if at(object, &["status"]).and_then(Value::as_object).is_none_or(serde_json::Map::is_empty) {
        return Status::new(Phase::Pending, "pending")
            .message("no controller has reported on it yet")
            .because("NotReported", Some(qualified_name(&node_type.kind, object)));
    }
    let generation = integer_at(object, &["metadata", "generation"]);
    let behind = |path: &Value| {
        integer_at(path, &["observedGeneration"]).zip(generation).is_some_and(|(seen, now)| seen < now)
    };
    if behind(&object["status"]) {
        return Status::new(Phase::Progressing, "partial")
            .message("its controller has not seen the last change yet");
    }
    let current = |kind: &String| condition(object, kind).filter(|condition| !behind(condition));
    let rule = &node_type.status;
    if let Some(failed) = rule.failed.iter().filter_map(current).find(|it| is(it, "True")) {
        return explained(node_type, object, failed, Phase::Failed);
    }
    let usual = ["Ready".to_owned(), "Available".to_owned()];
    let ready = if rule.ready.is_empty() { &usual[..] } else { &rule.ready };
    match (ready.iter().find_map(current), &rule.phase) {
        (Some(condition), _) if is(condition, "True") => {
            explained(node_type, object, condition, Phase::Ready)
        }
        (Some(condition), _) if rule.false_fails && is(condition, "False") => {
            explained(node_type, object, condition, Phase::Failed)
        }
        // A condition that is false does not tell an end from a way; the operator's word does.
        (found, Some(phase)) if text_at(object, &path(phase)).is_some() => {
            worded(node_type, object, phase, found)
        }
        (Some(condition), _) => explained(node_type, object, condition, Phase::Progressing),
        (None, _) => {
            Status::new(Phase::Progressing, "partial").message("its controller has not said that it is ready")
        }
    }
}

fn worded(node_type: &NodeType, object: &Value, rule: &PhaseRule, condition: Option<&Value>) -> Status {
    let word = text_at(object, &path(rule)).unwrap_or_default();
    let listed = |words: &[String]| words.iter().any(|it| it.eq_ignore_ascii_case(word));
    let phase = match (listed(&rule.ready), listed(&rule.failed)) {
        (true, _) => Phase::Ready,
        (_, true) => Phase::Failed,
        _ => Phase::Progressing,
    };
    let text = condition.and_then(|condition| text_at(condition, &["message"]));
    let text = text.or_else(|| text_at(object, &["status", "message"])).unwrap_or(word);
    let status = Status::new(phase, state(node_type, phase)).message(text).member("phase", word);
    if phase == Phase::Ready {
        status
    } else {
        status.because(word, Some(qualified_name(&node_type.kind, object)))
    }
}

/// A status with the reason and the message of a condition.
fn explained(node_type: &NodeType, object: &Value, condition: &Value, phase: Phase) -> Status {
    let kind = text_at(condition, &["type"]).unwrap_or_default();
    let text = text_at(condition, &["message"]).unwrap_or(if phase == Phase::Ready { "ready" } else { kind });
    let status = Status::new(phase, state(node_type, phase)).message(text);
    if phase == Phase::Ready {
        return status;
    }
    let reason = text_at(condition, &["reason"]).unwrap_or(kind);
    status.because(reason, Some(qualified_name(&node_type.kind, object)))
}

fn state(node_type: &NodeType, phase: Phase) -> &'static str {
    match (phase, node_type.status.ends) {
        (Phase::Pending, _) => "pending",
        (Phase::Progressing, true) => "running",
        (Phase::Progressing, false) => "partial",
        (Phase::Ready, true) => "completed",
        (Phase::Ready, false) => "healthy",
        (Phase::Failed, true) => "failed",
        (Phase::Failed, false) => "error",
    }
}

fn is(condition: &Value, value: &str) -> bool {
    text_at(condition, &["status"]) == Some(value)
}

fn path(rule: &PhaseRule) -> Vec<&str> {
    rule.path.split('.').collect()
}
