//! A run as it is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{RunId, UserId, WorkflowId};
use crate::kube::Operation;
use crate::secret::Secret;
use crate::time::Time;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// On its way.
    Running,
    /// Everything is applied and ready.
    Completed,
    /// Something was refused or did not get ready.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Status {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it will not change any more.
    pub fn ended(self) -> bool {
        self != Self::Running
    }
}

/// One execution of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Identity.
    pub id: RunId,
    /// Which workflow.
    pub workflow: WorkflowId,
    /// The version's number.
    pub version: u64,
    /// The cluster's name.
    pub cluster: String,
    /// Where it stands.
    pub status: Status,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub completed_at: Option<Time>,
    /// By node id; records of their own in the store.
    #[serde(skip)]
    pub nodes: BTreeMap<String, NodeState>,
    /// What it did, one line each: `[HH:MM:SS] text`, at most [`MAX_LOG_LINES`]; records of their own.
    #[serde(skip)]
    pub logs: Vec<String>,
    /// Why it failed: the object and the reason.
    pub error: Option<String>,
    /// `manual`; later `schedule`, `webhook`.
    pub triggered_by: String,
    /// Who started it.
    pub user: Option<UserId>,
    /// The hash of the plan that was applied.
    pub plan: Option<String>,
}

/// A run keeps this many log lines; then one line says that the rest was left out.
pub const MAX_LOG_LINES: usize = 5_000;

/// How far a node came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeState {
    /// Where it stands.
    pub status: NodePhase,
    /// What was done to its objects.
    pub applied: Vec<AppliedObject>,
    /// What went wrong.
    pub error: Option<String>,
    /// A remark.
    pub message: Option<String>,
    /// When it last changed.
    pub at: Time,
}

/// Where a node of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodePhase {
    /// Its turn has not come.
    Pending,
    /// Being applied.
    Applying,
    /// Applied; not ready yet.
    Waiting,
    /// Applied and ready.
    Completed,
    /// Refused, or will not get ready.
    Failed,
    /// Left out with a remark.
    Warning,
}

/// What was done to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedObject {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// What happened.
    pub operation: Operation,
    /// The server's id of it.
    pub uid: String,
}

/// Values that are given with a run and never stored, logged or put into events.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Values {
    /// By node id, then key.
    pub secrets: BTreeMap<String, BTreeMap<String, Secret>>,
    /// By node id, then name.
    pub env_vars: BTreeMap<String, BTreeMap<String, Secret>>,
}

/// How to run.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent permissions, each a flag on the command line"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Take fields over from other managers.
    pub force: bool,
    /// Take over objects that carry no label of this workflow, with all their fields; never those of another account.
    pub adopt: bool,
    /// Make missing namespaces.
    pub create_namespaces: bool,
    /// Remove objects of the workflow that the graph no longer holds.
    pub prune: bool,
    /// How long to wait for everything to get ready.
    pub ready_timeout: std::time::Duration,
    /// A node that says it cannot get ready must say so for this long before the run fails: a crash loop
    /// often ends when a database comes up.
    pub failure_grace: std::time::Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            force: false,
            adopt: false,
            create_namespaces: true,
            prune: true,
            ready_timeout: std::time::Duration::from_mins(10),
            failure_grace: std::time::Duration::from_secs(20),
        }
    }
}
