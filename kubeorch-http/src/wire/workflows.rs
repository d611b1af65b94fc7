//! Workflows (contract 2.3, 3.4).

use kubeorch_core::workflows as core;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::graph::{Edge, Node, all};
use crate::extract::Input;
use crate::problem::Problem;

/// A workflow with its graph.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Workflow {
    id: String,
    name: String,
    description: String,
    /// The cluster's *name*.
    cluster_id: String,
    status: Status,
    tags: Vec<String>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Always empty; kept for old clients. See `GET …/versions`.
    #[schema(value_type = Vec<Object>)]
    versions: [(); 0],
    /// The newest version's number.
    current_version: u64,
    /// Rises with every change; send it back with a save to be told of changes in between.
    revision: u64,
    owner_id: String,
    /// Always empty.
    team_id: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run_at: Option<Timestamp>,
    run_count: u64,
    success_count: u64,
    failure_count: u64,
    /// Deployed objects that are not as they were deployed; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    drift: Vec<Drifted>,
    /// What an archived workflow left in the cluster, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// An object that differs from what was deployed, in a field that the workflow set.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Drifted {
    node_id: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
    /// It is gone.
    missing: bool,
    /// Which fields differ, without values.
    fields: Vec<String>,
    /// Who set them, as field managers; empty when the cluster does not say.
    managers: Vec<String>,
    since: Timestamp,
    /// It is applied again by itself, unless it is held.
    heal: bool,
    /// Why it is not applied again by itself any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<String>,
}

impl From<core::Drifted> for Drifted {
    fn from(drifted: core::Drifted) -> Self {
        Self {
            node_id: drifted.node,
            kind: drifted.kind,
            namespace: drifted.namespace,
            name: drifted.name,
            missing: drifted.missing,
            fields: drifted.fields,
            managers: drifted.managers,
            since: drifted.since.into(),
            heal: drifted.heal,
            held: drifted.held,
        }
    }
}

/// Whether a workflow may run.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = WorkflowStatus)]
pub(crate) enum Status {
    Draft,
    Published,
    Archived,
}

impl From<core::Status> for Status {
    fn from(status: core::Status) -> Self {
        match status {
            core::Status::Draft => Self::Draft,
            core::Status::Published => Self::Published,
            core::Status::Archived => Self::Archived,
        }
    }
}

fn parse_status(text: &str) -> Result<core::Status, Problem> {
    match text {
        "draft" => Ok(core::Status::Draft),
        "published" => Ok(core::Status::Published),
        "archived" => Ok(core::Status::Archived),
        _ => Err(Problem::invalid("Invalid status").hint("It is `draft`, `published` or `archived`.")),
    }
}

impl From<core::Full> for Workflow {
    fn from(full: core::Full) -> Self {
        let workflow = full.workflow;
        Self {
            id: workflow.id.to_string(),
            name: workflow.name,
            description: workflow.description,
            cluster_id: workflow.cluster,
            status: workflow.status.into(),
            tags: workflow.tags,
            nodes: all(full.graph.nodes),
            edges: all(full.graph.edges),
            versions: [],
            current_version: workflow.current_version,
            revision: workflow.revision,
            owner_id: workflow.owner.to_string(),
            team_id: "",
            created_at: workflow.created_at.into(),
            updated_at: workflow.updated_at.into(),
            deleted_at: workflow.deleted_at.map(Into::into),
            last_run_at: workflow.last_run_at.map(Into::into),
            run_count: workflow.run_count,
            success_count: workflow.success_count,
            failure_count: workflow.failure_count,
            drift: full.drift.into_iter().map(Into::into).collect(),
            warning: None,
        }
    }
}

impl From<core::Updated> for Workflow {
    fn from(updated: core::Updated) -> Self {
        Self { warning: updated.warning, ..updated.full.into() }
    }
}

impl Workflow {
    /// What `If-Match` takes back.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }
}

/// The caller's workflows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WorkflowList)]
pub(crate) struct List {
    workflows: Vec<Workflow>,
}

impl From<Vec<core::Full>> for List {
    fn from(workflows: Vec<core::Full>) -> Self {
        Self { workflows: all(workflows) }
    }
}

/// A new workflow.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkflowCreate)]
pub(crate) struct Create {
    /// Non-empty; not unique.
    name: String,
    #[serde(default)]
    description: String,
    /// The *name* of a cluster of the caller.
    cluster_id: String,
}

impl Input for Create {}

impl From<Create> for core::New {
    fn from(body: Create) -> Self {
        Self { name: body.name, description: body.description, cluster: body.cluster_id }
    }
}

/// A workflow that was just made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WorkflowCreated)]
pub(crate) struct Created {
    id: String,
    message: &'static str,
    workflow: CreatedWorkflow,
}

/// The short form.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CreatedWorkflow {
    id: String,
    name: String,
    description: String,
    status: Status,
    created_at: Timestamp,
}

impl From<core::Full> for Created {
    fn from(full: core::Full) -> Self {
        let workflow = full.workflow;
        Self {
            id: workflow.id.to_string(),
            message: "Workflow created successfully",
            workflow: CreatedWorkflow {
                id: workflow.id.to_string(),
                name: workflow.name,
                description: workflow.description,
                status: workflow.status.into(),
                created_at: workflow.created_at.into(),
            },
        }
    }
}

/// A change; absent members stay as they are, at least one must be there.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkflowUpdate)]
pub(crate) struct Update {
    name: Option<String>,
    description: Option<String>,
    /// Replaces all nodes.
    nodes: Option<Vec<Node>>,
    /// Replaces all edges.
    edges: Option<Vec<Edge>>,
    /// `draft`, `published` or `archived`.
    status: Option<String>,
    /// Another cluster of the caller, by name.
    cluster_id: Option<String>,
    /// Replaces all tags.
    tags: Option<Vec<String>>,
    /// The revision that the caller saw; may also stand in `If-Match`.
    pub(crate) revision: Option<u64>,
}

impl Input for Update {}

impl TryFrom<Update> for core::Change {
    type Error = Problem;

    fn try_from(body: Update) -> Result<Self, Problem> {
        Ok(Self {
            name: body.name,
            description: body.description,
            nodes: body.nodes.map(all),
            edges: body.edges.map(all),
            status: body.status.as_deref().map(parse_status).transpose()?,
            cluster: body.cluster_id,
            tags: body.tags,
            revision: body.revision,
        })
    }
}

/// The canvas; nodes and edges are replaced as a whole.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkflowSave)]
pub(crate) struct Save {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    description: Option<String>,
    /// The revision that the caller saw; may also stand in `If-Match`.
    pub(crate) revision: Option<u64>,
}

impl Input for Save {}

impl From<Save> for core::Save {
    fn from(body: Save) -> Self {
        Self {
            nodes: all(body.nodes),
            edges: all(body.edges),
            description: body.description,
            revision: body.revision,
        }
    }
}

/// A workflow and what was done to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WorkflowChanged)]
pub(crate) struct Changed {
    pub(crate) message: &'static str,
    pub(crate) workflow: Workflow,
}

/// A copy's name.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkflowClone)]
pub(crate) struct Clone {
    pub(crate) name: String,
}

impl Input for Clone {}

/// A copy.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WorkflowCloned)]
pub(crate) struct Cloned {
    id: String,
    message: &'static str,
    workflow: Workflow,
}

impl From<core::Full> for Cloned {
    fn from(full: core::Full) -> Self {
        let id = full.workflow.id.to_string();
        Self { id, message: "Workflow cloned successfully", workflow: full.into() }
    }
}

/// A new status.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkflowSetStatus)]
pub(crate) struct SetStatus {
    /// `draft`, `published` or `archived`.
    status: String,
}

impl Input for SetStatus {}

impl SetStatus {
    /// The status.
    pub(crate) fn parse(&self) -> Result<core::Status, Problem> {
        parse_status(&self.status)
    }
}

/// The outcome of a new status.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WorkflowStatusSet)]
pub(crate) struct StatusSet {
    pub(crate) message: &'static str,
    /// What an archived workflow left in the cluster, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warning: Option<String>,
}
