//! Why a server refused one object, read from its `Status`.
//!
//! The API has no fields for most of this; the words are those of the API server's own sources and have been the
//! same for years. What is not recognised is an invalid object.

use ::kube::core::Status;

use super::failure::{clip, words};
use crate::kube::{Cause, Class, Error};

/// The error of an answer that is about one object; `None` when it is about the caller or the server.
pub(super) fn of(code: u16, status: &Status, object: &str) -> Option<Error> {
    let causes = conflicts(status);
    if code == 409 && !causes.is_empty() {
        return Some(Error::Conflict { object: object.to_owned(), causes });
    }
    let message = status.message.as_str();
    let denied_by = denied_by(message);
    let class = if message.contains("failed calling webhook") {
        Class::Webhook
    } else if has_cause(status, "NamespaceTerminating") {
        // Answers 403, but no permission would help.
        Class::NamespaceTerminating
    } else if denied_by.is_some() || (code == 403 && by_admission(message)) {
        Class::Admission
    } else if !mistyped(code, message) && matches!(code, 401 | 403 | 409 | 429 | 500..) {
        return None;
    } else {
        Class::Invalid
    };
    let immutable = if code == 422 { immutable(status) } else { Vec::new() };
    Some(Error::Rejected { object: object.to_owned(), reason: words(status), immutable, denied_by, class })
}

/// An apply of a field that the kind has not: the server answers 500 to it, as if it were to blame.
pub(super) fn mistyped(code: u16, message: &str) -> bool {
    code == 500 && message.starts_with("failed to create typed patch object")
}

fn causes(status: &Status) -> impl Iterator<Item = (&str, &str, &str)> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.map(|cause| (cause.reason.as_str(), cause.field.as_str(), cause.message.as_str()))
}

fn has_cause(status: &Status, wanted: &str) -> bool {
    causes(status).any(|(reason, ..)| reason == wanted)
}

/// The fields that others own: from the causes, else from the message.
fn conflicts(status: &Status) -> Vec<Cause> {
    let found: Vec<_> = causes(status)
        .filter(|(reason, ..)| *reason == "FieldManagerConflict")
        .map(|(_, field, message)| cause(message, field))
        .collect();
    if found.is_empty() { told(&status.message).unwrap_or_default() } else { found }
}

fn cause(manager: &str, field: &str) -> Cause {
    Cause { manager: clip(&quoted(manager)), field: clip(field) }
}

/// `conflict with "hpa" using v1: .spec.x`, or a line for each manager with a line for each of its fields below.
fn told(message: &str) -> Option<Vec<Cause>> {
    let (_, list) = message.strip_prefix("Apply failed with ")?.split_once(": ")?;
    if let Some(one) = list.strip_prefix("conflict with ") {
        let (manager, field) = one.rsplit_once(": ")?;
        return Some(vec![cause(manager, field)]);
    }
    let mut manager = "";
    let mut found = Vec::new();
    for line in list.lines() {
        match line.strip_prefix("- ") {
            Some(field) => found.push(cause(manager, field)),
            None => manager = line,
        }
    }
    Some(found)
}

/// The first text in double quotes, as Go's `%q` writes it; all of it where there is none.
fn quoted(text: &str) -> String {
    let Some(start) = text.find('"') else { return text.to_owned() };
    let mut letters = text[start + 1..].chars();
    let mut inner = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => inner.extend(letters.next()),
            other => inner.push(other),
        }
    }
    inner
}

/// The webhook or policy that said no.
fn denied_by(message: &str) -> Option<String> {
    // admission webhook "policy.example.com" denied the request: no
    if let Some((before, _)) = message.split_once(" denied the request")
        && let Some((_, name)) = before.rsplit_once("admission webhook ")
    {
        return Some(clip(&quoted(name)));
    }
    // ValidatingAdmissionPolicy 'replicas' with binding 'all' denied request: no
    let (before, _) = message.split_once(" denied request")?;
    let (_, name) = before.split_once("ValidatingAdmissionPolicy '")?;
    name.split('\'').next().map(clip)
}

/// `pods "web" is forbidden: exceeded quota`: a rule about objects. One about callers names the user.
fn by_admission(message: &str) -> bool {
    let Some((_, why)) = message.split_once(" is forbidden: ") else { return false };
    !why.starts_with("User \"") && !why.starts_with("user \"")
}

/// The words of the built-in kinds' validation for a field that cannot change.
const FIXED: &[&str] = &[
    "immutable",
    "may not be changed",
    "may not change",
    "cannot change roleref",
    "updates to statefulset spec for fields other than",
    "updates to parameters are forbidden",
    "updates to provisioner are forbidden",
    "updates to reclaimpolicy are forbidden",
];

fn immutable(status: &Status) -> Vec<String> {
    causes(status)
        .filter(|(_, field, message)| {
            let message = message.to_lowercase();
            !field.is_empty() && FIXED.iter().any(|words| message.contains(words))
        })
        .map(|(_, field, _)| clip(field))
        .collect()
}
