//! A version as it is stored: a small record and a content-addressed graph.

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Hash};
use crate::id::{RunId, UserId, VersionId, WorkflowId};
use crate::store::{Record, Table, rule};
use crate::time::Time;

/// An immutable snapshot of a workflow's graph. Only name, tag and description can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Identity.
    pub id: VersionId,
    /// Whose snapshot.
    pub workflow: WorkflowId,
    /// 1, 2, 3 … within the workflow; numbers of removed versions are not given again.
    pub seq: u64,
    /// The content; equal graphs share one stored copy.
    pub content: Hash,
    /// How many nodes, so that lists need not read the content.
    pub node_count: usize,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Free text.
    pub description: String,
    /// Who made it; `None` for the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// Made by a run or a restore's safety copy, not by hand.
    pub automatic: bool,
    /// The version that was restored into this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<u64>,
    /// The run that executes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// How that run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_status: Option<String>,
    /// When it was made.
    pub created_at: Time,
}

/// What a new version is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// Free text.
    pub name: Option<String>,
    /// Free text.
    pub tag: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

impl Record for Version {
    const TABLE: Table = Table("versions");
    type Key = (WorkflowId, u64);

    fn key(&self) -> Self::Key {
        (self.workflow, self.seq)
    }

    fn check(&self) -> Result<(), String> {
        rule(self.seq > 0, "its number is zero")?;
        rule(self.restored_from.is_none_or(|from| from > 0 && from < self.seq), "it restores no older one")?;
        rule(self.run_status.is_none() || self.run.is_some(), "no run ended as it says")
    }
}

/// A version with its graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Full {
    /// The record.
    pub version: Version,
    /// The content.
    pub graph: Graph,
}
