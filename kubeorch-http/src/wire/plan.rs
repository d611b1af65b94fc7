//! What a run would do.

use kubeorch_core::runs as core;
use serde::Serialize;
use serde_json::Value;

use super::finding::Finding;
use super::graph::all;

/// What a run would do to the cluster, object by object.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Plan {
    /// Changes with everything that the plan says.
    hash: String,
    cluster: String,
    /// In apply order, removals last.
    operations: Vec<Operation>,
    /// What was filled in from neighbours.
    notes: Vec<String>,
    /// With an error among them the plan can't be applied.
    findings: Vec<Finding>,
}

/// The plan of a run.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RunPlan)]
pub(crate) struct Operations {
    /// Absent while the run isn't planned yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// In apply order, removals last.
    operations: Vec<Operation>,
}

impl Operations {
    pub(crate) fn new(
        hash: Option<kubeorch_core::graph::Hash>,
        operations: Vec<core::PlannedOperation>,
    ) -> Self {
        Self { hash: hash.map(|hash| hash.to_string()), operations: all(operations) }
    }
}

/// What would happen to one object.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlanOperation)]
pub(crate) struct Operation {
    /// The node it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<String>,
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
    /// `create`, `update`, `unchanged` or `delete`.
    action: &'static str,
    /// Which fields change; secrets are masked.
    changes: Vec<FieldChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A changed field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlanFieldChange)]
pub(crate) struct FieldChange {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Value>,
}

impl From<core::FieldChange> for FieldChange {
    fn from(change: core::FieldChange) -> Self {
        Self { path: change.path, old: change.old, new: change.new }
    }
}

impl From<core::PlannedOperation> for Operation {
    fn from(operation: core::PlannedOperation) -> Self {
        Self {
            node_id: operation.node,
            api_version: operation.key.kind.api_version,
            kind: operation.key.kind.kind,
            namespace: operation.key.namespace,
            name: operation.key.name,
            action: operation.action.as_str(),
            changes: all(operation.changes),
            note: operation.note,
        }
    }
}

impl From<core::Plan> for Plan {
    fn from(plan: core::Plan) -> Self {
        Self {
            hash: plan.hash.to_string(),
            cluster: plan.cluster,
            operations: all(plan.operations),
            notes: plan.notes,
            findings: all(plan.findings),
        }
    }
}
