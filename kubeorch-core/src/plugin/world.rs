//! The worlds that a plugin can be of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a component is for. It is told by the interface that it exports, and a component has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Brings node types, see [`NodeTypes`](super::NodeTypes).
    NodeTypes,
    /// Brings steps of flows, see [`Steps`](super::Steps).
    Step,
    /// Reads source trees, see [`Analyzers`](super::Analyzers).
    ImportAnalyzer,
    /// Diagnoses nodes and proposes fixes, see [`Fixes`](super::Fixes).
    FixTemplate,
}

impl World {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NodeTypes, Self::Step, Self::ImportAnalyzer, Self::FixTemplate];

    /// Its word in routes, labels and the store: `node-types`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NodeTypes => "node-types",
            Self::Step => "step",
            Self::ImportAnalyzer => "import-analyzer",
            Self::FixTemplate => "fix-template",
        }
    }

    /// The package of its interface, as a manifest names it: `kubeorch:node-types`.
    pub fn package(self) -> &'static str {
        match self {
            Self::NodeTypes => "kubeorch:node-types",
            Self::Step => "kubeorch:step",
            Self::ImportAnalyzer => "kubeorch:import-analyzer",
            Self::FixTemplate => "kubeorch:fix-template",
        }
    }

    /// The interface that a component exports; its patch releases are the same interface.
    pub fn interface(self) -> &'static str {
        match self {
            Self::NodeTypes => "kubeorch:node-types/node-types@0.1.0",
            Self::Step => "kubeorch:step/step@0.1.0",
            Self::ImportAnalyzer => "kubeorch:import-analyzer/analyzer@0.1.0",
            Self::FixTemplate => "kubeorch:fix-template/fix-template@0.1.0",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
