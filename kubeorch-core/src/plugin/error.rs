//! Why a plugin gave no answer. A finding about a user's data is never one of these.

use crate::error::{Code, Describe, codes};

/// A failed load or call; the host and the other plugins are not affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// The guest passed a limit of memory, table, stack, time, input or output.
    #[error("plugin {plugin} passed its {limit} limit in {export}")]
    Limit {
        /// The plugin's name.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// Which limit.
        limit: &'static str,
    },
    /// More calls wait than the host takes; the call was not made.
    #[error("{waiting} plugin calls are waiting, no more are taken")]
    Busy {
        /// The length of the full queue.
        waiting: usize,
    },
    /// The sandbox itself could not be started.
    #[error("the plugin host cannot be started: {0}")]
    Host(String),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::UnknownType(_) => codes::GRAPH_INVALID,
            Self::Invalid { .. } => codes::PLUGIN_INVALID,
            Self::Failed { .. } => codes::PLUGIN_FAILED,
            Self::Limit { .. } => codes::PLUGIN_LIMIT,
            Self::Busy { .. } => codes::PLUGIN_BUSY,
            Self::Host(_) => codes::PLUGIN_HOST,
        }
    }
}
