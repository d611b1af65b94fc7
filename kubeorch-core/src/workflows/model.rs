//! A workflow as it is stored. Its graph stands in a record of its own, so that counters and status can change
//! without rewriting it.

use serde::{Deserialize, Serialize};

use super::drift::Drifted;
use super::edit::RUNTIME;
use crate::graph::{Edge, Graph, Node};
use crate::id::{ClusterId, ProjectId, UserId, WorkflowId};
use crate::store::{Index, Indexes, Record, Table, rule};
use crate::time::Time;

/// Whether a workflow may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being drawn.
    Draft,
    /// May run.
    Published,
    /// Retired; its objects were removed.
    Archived,
}

/// A workflow without its graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Identity.
    pub id: WorkflowId,
    /// What it belongs to.
    pub project: ProjectId,
    /// Whose it is.
    pub owner: UserId,
    /// For people; not unique.
    pub name: String,
    /// For people.
    pub description: String,
    /// The cluster's name, as clients address it.
    pub cluster: String,
    /// The cluster that the name meant when it was set; `None` for a built-in one.
    pub cluster_id: Option<ClusterId>,
    /// Whether it may run.
    pub status: Status,
    /// Free words.
    pub tags: Vec<String>,
    /// Rises with every change of the graph or the description; the optimistic lock.
    pub revision: u64,
    /// The newest version's number.
    pub current_version: u64,
    /// How many nodes the graph has.
    pub node_count: usize,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Set once it is deleted; nobody sees it any more.
    pub deleted_at: Option<Time>,
    /// When the last run began.
    pub last_run_at: Option<Time>,
    /// All runs that ended.
    pub run_count: u64,
    /// Those that completed.
    pub success_count: u64,
    /// Those that failed.
    pub failure_count: u64,
}

/// The working copy of a workflow's graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkingCopy {
    /// Whose.
    pub(crate) workflow: WorkflowId,
    /// The graph as the client sent it, without `_status` and `_secretCreated`.
    pub(crate) graph: Graph,
}

/// A node's live state, kept apart from the graph so that a save can never undo it, nor be undone by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NodeStatus {
    /// Whose.
    pub(crate) workflow: WorkflowId,
    /// Which node.
    pub(crate) node: String,
    /// What clients see as `data._status`.
    pub(crate) status: serde_json::Map<String, serde_json::Value>,
    /// When it was last seen to change.
    pub(crate) at: Time,
}

/// A workflow with its graph, live state merged into `data._status`.
#[derive(Debug, Clone, PartialEq)]
pub struct Full {
    /// The record.
    pub workflow: Workflow,
    /// The graph.
    pub graph: Graph,
    /// What of the deployed objects is not as it was deployed.
    pub drift: Vec<Drifted>,
}

/// A new workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct New {
    /// Non-empty.
    pub name: String,
    /// Any text.
    pub description: String,
    /// A cluster of the caller, by name.
    pub cluster: String,
}

/// A change; `None` leaves a member as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Non-empty.
    pub name: Option<String>,
    /// Any text.
    pub description: Option<String>,
    /// Replaces all nodes.
    pub nodes: Option<Vec<Node>>,
    /// Replaces all edges.
    pub edges: Option<Vec<Edge>>,
    /// Any transition; `Archived` removes the deployed objects first.
    pub status: Option<Status>,
    /// Another cluster of the caller, by name.
    pub cluster: Option<String>,
    /// Replaces all tags.
    pub tags: Option<Vec<String>>,
    /// The revision that the caller saw; a conflict when it is no longer the current one.
    pub revision: Option<u64>,
}

/// A save of the canvas: replaces nodes and edges wholesale.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Save {
    /// All nodes.
    pub nodes: Vec<Node>,
    /// All edges.
    pub edges: Vec<Edge>,
    /// Any text; `None` leaves it.
    pub description: Option<String>,
    /// The revision that the caller saw; a conflict when it is no longer the current one.
    pub revision: Option<u64>,
}

/// A changed workflow, with a remark when something could not be cleaned up.
#[derive(Debug, Clone, PartialEq)]
pub struct Updated {
    /// The workflow after the change.
    pub full: Full,
    /// What stays in the cluster, and why.
    pub warning: Option<String>,
}

/// Workflows by owner, newest change last.
pub(crate) const BY_OWNER: Index<Workflow> = Index::new("workflows_by_owner");

impl Record for Workflow {
    const TABLE: Table = Table("workflows");
    const INDEXES: &'static [Index<Self>] = &[BY_OWNER];
    type Key = WorkflowId;

    fn key(&self) -> WorkflowId {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        if self.deleted_at.is_none() {
            out.add(BY_OWNER, &(self.owner, self.updated_at));
        }
    }

    fn check(&self) -> Result<(), String> {
        rule(self.revision > 0, "its revision is zero")?;
        rule(self.current_version > 0, "it has no version")?;
        let counted = self.success_count.checked_add(self.failure_count);
        rule(
            counted.is_some_and(|ended| ended <= self.run_count),
            "more runs ended well or badly than ended",
        )?;
        rule(self.run_count == 0 || self.last_run_at.is_some(), "it ran at no time")
    }
}

impl Record for WorkingCopy {
    const TABLE: Table = Table("working_copies");
    type Key = WorkflowId;

    fn key(&self) -> WorkflowId {
        self.workflow
    }

    fn check(&self) -> Result<(), String> {
        let runtime = |node: &Node| RUNTIME.iter().any(|member| node.data.contains_key(*member));
        rule(!self.graph.nodes.iter().any(runtime), "it holds live state")
    }
}

impl Record for NodeStatus {
    const TABLE: Table = Table("node_status");
    type Key = (WorkflowId, String);

    fn key(&self) -> Self::Key {
        (self.workflow, self.node.clone())
    }
}
