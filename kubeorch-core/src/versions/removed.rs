//! How many versions of a workflow were removed: what else is missing of its numbers was lost.

use serde::{Deserialize, Serialize};

use crate::id::WorkflowId;
use crate::store::{Record, Table, rule};

/// Made with the first removal. A count and not the numbers, so that it stays small whatever stays between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removed {
    /// Whose versions.
    pub(crate) workflow: WorkflowId,
    /// How many.
    pub(crate) count: u64,
}

impl Record for Removed {
    const TABLE: Table = Table("versions_removed");
    type Key = WorkflowId;

    fn key(&self) -> WorkflowId {
        self.workflow
    }

    fn check(&self) -> Result<(), String> {
        rule(self.count > 0, "it counts none")
    }
}
