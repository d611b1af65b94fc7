//! How far the nodes of a run came.

use serde::{Deserialize, Serialize};

use crate::kube::Operation;
use crate::time::Time;

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
    /// How often its apply was begun; more than once after a call that had to be repeated or a pause.
    #[serde(default)]
    pub attempts: u32,
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
