//! What makes a run hold still, and go on.

use serde::{Deserialize, Serialize};

use crate::graph::Hash;
use crate::id::UserId;
use crate::time::Time;

/// What somebody asked of a run. It is stored before it is done, so that a stop of the process forgets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// To hold still.
    Pause {
        /// Who.
        by: Option<UserId>,
    },
    /// To end.
    Cancel {
        /// Who.
        by: Option<UserId>,
    },
}

/// A run that holds still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What it waits for.
    pub reason: Reason,
    /// Who asked for it; nobody when the run itself cannot go on.
    pub by: Option<UserId>,
    /// Since when.
    pub at: Time,
    /// When it ends as failed unless it goes on; `None`: it waits for ever.
    pub expires: Option<Time>,
}

/// What a paused run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Reason {
    /// For somebody to resume it.
    Requested,
    /// For its plan to be approved.
    Approval,
    /// For values that were given at its start and that nothing keeps.
    Values {
        /// The nodes that need them.
        nodes: Vec<String>,
    },
}

/// Somebody's yes to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub user: Option<UserId>,
    /// When.
    pub at: Time,
    /// The plan.
    pub plan: Hash,
    /// Their words; at most 500 characters, without what looks like a credential.
    pub comment: Option<String>,
}
