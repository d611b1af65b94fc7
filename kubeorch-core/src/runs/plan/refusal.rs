//! Why an object cannot be planned, as findings that say what would help.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::model::PlannedOperation;
use super::owner::Foreign;
use super::prune::protected;
use crate::error::Finding;
use crate::kube::{self, Class};
use crate::manifest::{Key, Kind, Object};
use crate::runs::policy::{Immutable, Policy};
use crate::secret::Secret;

/// Shown where a text of the server repeats a value that must not be seen.
const MASK: &str = "(sensitive)";

/// Shorter values are too common to be looked for in texts.
const MIN_SECRET: usize = 4;

pub(super) fn unserved(kind: &Kind) -> Finding {
    let text = format!("the cluster does not serve {} {}", kind.api_version, kind.kind);
    Finding::error("cluster.unknown_kind", text)
        .hint("Install what brings this kind, or use another cluster.")
}

pub(super) fn foreign(key: &Key, foreign: &Foreign) -> Finding {
    let finding = Finding::error("cluster.object_foreign", format!("{key} belongs to {}", foreign.owner));
    finding.hint(if foreign.adoptable {
        "Rename the node, or take the object over: `deploy.adopt: true` on the node, or run with `adopt` (`--adopt`)."
    } else {
        "Rename the node: this object cannot be taken over."
    })
}

/// What the server's refusal means.
pub(super) fn of(planned: &PlannedOperation, live: Option<&Object>, error: &kube::Error) -> Finding {
    let key = &planned.key;
    match error {
        kube::Error::Conflict { .. } => conflict(planned, error),
        kube::Error::Rejected { immutable, .. } if !immutable.is_empty() => {
            let fields = immutable.join(", ");
            let text = format!("{key} is there already, and {fields} cannot change while it lives");
            let finding = Finding::error("cluster.immutable", text).at(immutable[0].clone());
            finding.hint(if protected(&key.kind) {
                "Leave the field as it is: deleting the object would delete what it holds.".to_owned()
            } else if is_job(&key.kind) && live.is_some_and(|live| !finished(live)) {
                "It is made anew once it has finished; or say `deploy.immutable: recreate` to stop it now.".to_owned()
            } else {
                "Leave the field as it is, rename the node, or say `deploy.immutable: recreate` to delete the object and make it anew."
                    .to_owned()
            })
        }
        kube::Error::Rejected { denied_by: Some(by), .. } => {
            Finding::error("cluster.rejected", error.to_string())
                .hint(format!("Change what the policy {by} asks for, or ask whoever runs it."))
        }
        kube::Error::Denied(_) => Finding::error("cluster.denied", format!("{key}: {error}"))
            .hint("Give the cluster's account the permission, or leave the object out."),
        _ if error.class() == Class::NamespaceTerminating => {
            Finding::error("cluster.rejected", error.to_string()).hint("Repeat when the namespace is gone.")
        }
        _ if error.class() == Class::Webhook => Finding::error("cluster.rejected", error.to_string())
            .hint("Repeat when the admission webhook answers."),
        _ => Finding::error("cluster.rejected", error.to_string())
            .hint("Correct the field that the server names."),
    }
}

fn conflict(planned: &PlannedOperation, error: &kube::Error) -> Finding {
    let owned: Vec<_> = planned
        .conflicts
        .iter()
        .map(|conflict| format!("{} ({})", conflict.field, conflict.manager))
        .collect();
    let text = if owned.is_empty() {
        error.to_string()
    } else {
        format!("fields of {} belong to others: {}", planned.key, owned.join(", "))
    };
    let field = planned.conflicts.first().map(|conflict| conflict.field.trim_start_matches('.'));
    Finding::error("cluster.conflict", text).at(field.unwrap_or_default()).hint(
        "Say `deploy.conflicts: share` to leave them as they are or `take` to take them over, or run with `force` (`--force-conflicts`).",
    )
}

/// Whether an object that cannot change is made anew: on request, and a job that has finished by itself (contract 5.2).
/// Never what holds data.
pub(super) fn recreates(policy: &Policy, live: Option<&Object>, immutable: &[String]) -> bool {
    let Some(live) = live.filter(|live| !immutable.is_empty() && !protected(&live.kind())) else {
        return false;
    };
    policy.immutable == Immutable::Recreate || (is_job(&live.kind()) && finished(live))
}

fn is_job(kind: &Kind) -> bool {
    kind.group() == "batch" && kind.kind == "Job"
}

fn finished(job: &Object) -> bool {
    let conditions = job.pointer("/status/conditions").and_then(Value::as_array);
    conditions.is_some_and(|conditions| {
        conditions.iter().any(|condition| {
            matches!(condition["type"].as_str(), Some("Complete" | "Failed")) && condition["status"] == "True"
        })
    })
}

/// Without the values that were filled into the object: servers repeat what they do not like.
pub(super) fn masked(mut finding: Finding, values: &[Secret]) -> Finding {
    for value in values.iter().map(Secret::expose) {
        let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        for text in [Some(value), decoded.as_deref()].into_iter().flatten() {
            if text.len() >= MIN_SECRET && finding.message.contains(text) {
                finding.message = finding.message.replace(text, MASK);
            }
        }
    }
    finding
}
