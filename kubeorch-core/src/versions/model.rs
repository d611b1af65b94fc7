//! A version as it is stored: a small record and a content-addressed graph.

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Hash};
use crate::id::{RunId, UserId, VersionId, WorkflowId};
use crate::store::key::Builder;
use crate::store::{Key, Record, Table, rule};
use crate::time::Time;

/// An immutable snapshot of a workflow's graph. Only name, tag and description can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Identity.
    pub id: VersionId,
    /// Whose snapshot.
    pub workflow: WorkflowId,
    /// 1, 2, 3 … without gaps within the workflow.
    pub seq: u64,
    /// The content; equal graphs share one stored copy.
    pub content: Hash,
    /// How many nodes, so that lists need not read the content.
    pub node_count: usize,
    /// Free text.
    pub name: Option<String>,
    /// Free text.
    pub tag: Option<String>,
    /// Free text.
    pub description: String,
    /// Who made it; `None` for the engine.
    pub author: Option<UserId>,
    /// Made by a run or a restore's safety copy, not by hand.
    pub automatic: bool,
    /// The version that was restored into this one.
    pub restored_from: Option<u64>,
    /// The run that executes it.
    pub run: Option<RunId>,
    /// How that run ended.
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

/// A stored graph under its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The hash of the graph.
    pub(crate) hash: Hash,
    /// The graph without runtime state.
    pub(crate) graph: Graph,
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

impl Record for Content {
    const TABLE: Table = Table("contents");
    type Key = Hash;

    fn key(&self) -> Hash {
        self.hash
    }

    fn check(&self) -> Result<(), String> {
        rule(self.graph.snapshot_hash() == self.hash, "it has another hash")
    }
}

impl Key for Hash {
    fn encode(&self, out: &mut Builder) {
        out.push_fixed(self.as_bytes());
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
