//! Remarks on a graph.

use kubeorch_core::error as core;
use serde::Serialize;

/// A remark on a graph, addressed to a node and a field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Finding {
    /// `error` stops a run, `warning` doesn't.
    severity: &'static str,
    /// Stable identifier, for instance `deployment.image_missing`.
    code: String,
    /// The node it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// The edge it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge: Option<String>,
    /// Dotted path inside the node's data; empty for the node as a whole.
    field: String,
    /// What is wrong.
    message: String,
    /// The next step; may be empty.
    hint: String,
}

impl From<core::Finding> for Finding {
    fn from(finding: core::Finding) -> Self {
        Self {
            severity: match finding.severity {
                core::Severity::Error => "error",
                core::Severity::Warning => "warning",
            },
            code: finding.code,
            node: finding.node,
            edge: finding.edge,
            field: finding.field,
            message: finding.message,
            hint: finding.hint,
        }
    }
}

/// The outcome of a check.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Checked {
    /// Whether no remark is an error.
    valid: bool,
    /// All remarks.
    findings: Vec<Finding>,
}

impl From<Vec<core::Finding>> for Checked {
    fn from(findings: Vec<core::Finding>) -> Self {
        Self {
            valid: !findings.iter().any(core::Finding::is_error),
            findings: findings.into_iter().map(Finding::from).collect(),
        }
    }
}
