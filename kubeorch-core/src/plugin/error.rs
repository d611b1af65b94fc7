//! Why a plugin gave no answer. A finding about a user's data is never one of these.

use crate::error::{Code, Describe, codes};

/// A failed load or call; the host and the other plugins are not affected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No plugin brings this node type.
    #[error("unsupported node type {0}")]
    UnknownType(String),
    /// The bytes are not a component that this host runs.
    #[error("plugin {plugin} cannot be loaded: {reason}")]
    Invalid {
        /// The plugin's name, or the file's.
        plugin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The guest trapped, or answered what the contract does not allow.
    #[error("plugin {plugin} failed in {export}: {reason}")]
    Failed {
        /// The plugin's name.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// What happened.
        reason: String,
    },
    /// The guest passed a limit of memory, time or output.
    #[error("plugin {plugin} passed its {limit} limit in {export}")]
    Limit {
        /// The plugin's name.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// Which limit.
        limit: &'static str,
    },
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::UnknownType(_) => codes::GRAPH_INVALID,
            Self::Invalid { .. } => codes::PLUGIN_INVALID,
            Self::Failed { .. } => codes::PLUGIN_FAILED,
            Self::Limit { .. } => codes::PLUGIN_LIMIT,
        }
    }
}
