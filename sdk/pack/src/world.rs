//! The kinds of plugin there are.

use std::fmt;

/// What a plugin is to its host: one of the contracts in the SDK's `wit` folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum World {
    /// Node types of a workflow's graph.
    NodeTypes,
}

impl World {
    /// All that can be started from a template.
    pub const ALL: &'static [Self] = &[Self::NodeTypes];

    /// A short word: `node-types`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NodeTypes => "node-types",
        }
    }

    /// The WIT package, without its version: `kubeorch:node-types`.
    pub fn package(self) -> &'static str {
        match self {
            Self::NodeTypes => "kubeorch:node-types",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
