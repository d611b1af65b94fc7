//! The kinds of plugin there are.

use std::fmt;

/// What a plugin is to its host: one of the contracts in the SDK's `wit` folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum World {
    /// Node types of a workflow's graph.
    NodeTypes,
    /// Steps of a flow.
    Step,
    /// Analyzers that draw a source tree.
    ImportAnalyzer,
    /// Diagnoses, and what would help.
    FixTemplate,
}

impl World {
    /// All that can be started from a template.
    pub const ALL: &'static [Self] = &[Self::NodeTypes, Self::Step, Self::ImportAnalyzer, Self::FixTemplate];

    /// A short word: `node-types`. The SDK's feature for it is called the same.
    pub fn word(self) -> &'static str {
        match self {
            Self::NodeTypes => "node-types",
            Self::Step => "step",
            Self::ImportAnalyzer => "import-analyzer",
            Self::FixTemplate => "fix-template",
        }
    }

    /// The WIT package, without its version: `kubeorch:node-types`.
    pub fn package(self) -> &'static str {
        match self {
            Self::NodeTypes => "kubeorch:node-types",
            Self::Step => "kubeorch:step",
            Self::ImportAnalyzer => "kubeorch:import-analyzer",
            Self::FixTemplate => "kubeorch:fix-template",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
