//! A run as it is stored.

mod node;
mod options;
mod pause;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graph::Hash;
use crate::id::{ClusterId, RunId, UserId, WorkflowId};
use crate::time::Time;

pub use node::{AppliedObject, NodePhase, NodeState};
pub use options::{Options, Values};
pub use pause::{Approval, Asked, Pause, Reason};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// On its way.
    Running,
    /// It holds still until somebody says how it goes on; [`Run::pause`] says for what.
    Paused,
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
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it will not change any more.
    pub fn ended(self) -> bool {
        !matches!(self, Self::Running | Self::Paused)
    }
}

/// What made a run begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Trigger {
    /// Somebody.
    Manual,
    /// The time.
    Schedule,
    /// A call from outside.
    Webhook,
    /// An older version was wanted back.
    Rollback {
        /// The version that it replaces.
        from: u64,
        /// The run of that version failed and was started with [`Options::rollback_on_failure`].
        automatic: bool,
    },
    /// The cluster no longer looked like the version.
    Drift,
}

impl Trigger {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Webhook => "webhook",
            Self::Rollback { .. } => "rollback",
            Self::Drift => "drift",
        }
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
    /// The cluster, when it is one of the store. A run stays on it, whatever the workflow is moved to.
    pub cluster_id: Option<ClusterId>,
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
    /// What made it begin.
    pub trigger: Trigger,
    /// Who started it.
    pub user: Option<UserId>,
    /// The hash of the plan that it began with; its operations are records of their own. `None`: not planned yet.
    pub plan: Option<Hash>,
    /// The hash of the rendered objects. A run goes on only while its version renders the same. `None`: not planned
    /// yet, or begun by a release that could not go on with a run.
    pub content: Option<Hash>,
    /// How it was started.
    pub options: Options,
    /// The nodes that values were given for; the values themselves are nowhere.
    pub given: Vec<String>,
    /// How many nodes its version has.
    pub node_count: usize,
    /// How often an executor began to apply: more than once after a pause or a stop of the process.
    pub attempt: u32,
    /// What was asked of it and is not done yet.
    pub asked: Option<Asked>,
    /// Why it holds still; present while it is [`Status::Paused`].
    pub pause: Option<Pause>,
    /// Who said yes to the plan.
    pub approvals: Vec<Approval>,
    /// Which records are its own; `None` until it ended, and for runs of releases that did not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// The records of a run that has ended: what is missing of them was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// How many nodes.
    pub nodes: u64,
    /// The number of its first log line; higher than 0 once retention removed some.
    pub first_line: u64,
    /// The number after that of its last log line.
    pub end_line: u64,
}

/// A run keeps this many log lines; then one line says that the rest was left out.
pub const MAX_LOG_LINES: usize = 5_000;
