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
    /// Changes with the rendered objects, and with nothing of the cluster.
    content: String,
    cluster: String,
    summary: Summary,
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

/// How many objects each thing would happen to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlanSummary)]
pub(crate) struct Summary {
    create: usize,
    update: usize,
    adopt: usize,
    recreate: usize,
    delete: usize,
    unchanged: usize,
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
    /// `create`, `update`, `adopt`, `recreate`, `unchanged` or `delete`.
    action: &'static str,
    /// Which fields change; secrets are masked.
    changes: Vec<FieldChange>,
    /// Fields that other managers own.
    conflicts: Vec<Conflict>,
    /// Which operations come first, by their place in the list, from 0. Removals come after everything else.
    after: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A field that another manager owns.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlanConflict)]
pub(crate) struct Conflict {
    manager: String,
    /// As the API server writes it: `.spec.replicas`.
    field: String,
    /// `refused` (the plan can't be applied), `shared` (left with its manager) or `taken`.
    resolution: &'static str,
}

impl From<core::Conflict> for Conflict {
    fn from(conflict: core::Conflict) -> Self {
        let core::Conflict { manager, field, resolution } = conflict;
        Self { manager, field, resolution: resolution.as_str() }
    }
}

impl From<core::Summary> for Summary {
    fn from(summary: core::Summary) -> Self {
        let core::Summary { create, update, adopt, recreate, delete, unchanged } = summary;
        Self { create, update, adopt, recreate, delete, unchanged }
    }
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
            conflicts: all(operation.conflicts),
            after: operation.after,
            note: operation.note,
        }
    }
}

impl From<core::Plan> for Plan {
    fn from(plan: core::Plan) -> Self {
        Self {
            summary: plan.summary().into(),
            hash: plan.hash.to_string(),
            content: plan.content.to_string(),
            cluster: plan.cluster,
            operations: all(plan.operations),
            notes: plan.notes,
            findings: all(plan.findings),
        }
    }
}
