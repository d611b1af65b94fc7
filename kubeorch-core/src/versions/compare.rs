//! The difference of two versions.

use super::model::Full;
use crate::graph::{self, Diff};

/// Two versions side by side; what changed is computed on demand and borrows from them (contract 6.5).
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The first version asked for.
    pub from: Full,
    /// The second.
    pub to: Full,
}

impl Comparison {
    pub(crate) fn new(from: Full, to: Full) -> Self {
        Self { from, to }
    }

    /// Nodes and edges that differ, sorted by id.
    pub fn diff(&self) -> Diff<'_> {
        graph::diff(&self.from.graph, &self.to.graph)
    }
}
