//! Why a plugin gave no answer. A finding about a user's data is never one of these.

use std::time::Duration;

use super::{Fault, FaultKind, World};
use crate::error::{Code, Describe, codes};

/// A failed load or call; the host and the other plugins are not affected. No text of it holds a control character,
/// whatever the plugin said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No plugin brings this node type.
    #[error("unsupported node type {0}")]
    UnknownType(String),
    /// No plugin brings this step.
    #[error("unknown step {0}")]
    UnknownStep(String),
    /// There is no plugin of this world with this id.
    #[error("there is no {world} plugin {id}")]
    UnknownPlugin {
        /// The world that was asked.
        world: World,
        /// The id that was asked for.
        id: String,
    },
    /// The bytes are not a component that this host runs.
    #[error("plugin {plugin} cannot be loaded: {reason}")]
    Invalid {
        /// The plugin's name, or the file's.
        plugin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A call ended without an answer.
    #[error(transparent)]
    Fault(Box<Fault>),
    /// The plugin has failed so often that it is left alone for a while; the call was not made.
    #[error("plugin {plugin} failed {faults} times and is left alone; it is tried again in {} s", seconds(*.retry_after))]
    Quarantined {
        /// The plugin's id.
        plugin: String,
        /// Faults that brought it there.
        faults: u32,
        /// When a call is let through again.
        retry_after: Duration,
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

/// Rounded up, so that whoever waits as long as it says finds the plugin ready.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

impl Error {
    /// The fault of a call that was made.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::UnknownType(_) | Self::UnknownStep(_) => codes::GRAPH_INVALID,
            Self::UnknownPlugin { .. } => codes::PLUGIN_NOT_LOADED,
            Self::Invalid { .. } => codes::PLUGIN_INVALID,
            Self::Fault(fault) if fault.is_limit() => codes::PLUGIN_LIMIT,
            Self::Fault(fault) if fault.kind == FaultKind::Rejected => codes::PLUGIN_REJECTED,
            Self::Fault(_) => codes::PLUGIN_FAILED,
            Self::Quarantined { .. } => codes::PLUGIN_QUARANTINED,
            Self::Busy { .. } => codes::PLUGIN_BUSY,
            Self::Host(_) => codes::PLUGIN_HOST,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Quarantined { retry_after, .. } => {
                Some(format!("Wait {} s, or install another version of the plugin.", seconds(*retry_after)))
            }
            _ => None,
        }
    }

    fn detail(&self) -> Option<(&'static str, serde_json::Value)> {
        self.fault().map(|fault| ("fault", fault.detail()))
    }
}
