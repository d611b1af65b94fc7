//! Why a cluster did not do what it was asked.

use crate::error::{Code, Describe, codes};

/// A failed call to a cluster. Texts name the stage and the object, never an address or a credential.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The credentials cannot be used; nothing was sent.
    #[error("credentials are not usable: {0}")]
    Credentials(String),
    /// No answer: resolving, connecting, encrypting or waiting failed.
    #[error("the API server did not answer: {0}")]
    Unreachable(String),
    /// 401 or 403.
    #[error("the API server refused: {0}")]
    Denied(String),
    /// 409 of a server-side apply: other managers own fields.
    #[error("fields of {object} belong to others: {}", .causes.join("; "))]
    Conflict {
        /// The object.
        object: String,
        /// One entry a field: manager and path.
        causes: Vec<String>,
    },
    /// The server will not take the object as it is.
    #[error("{object} was refused: {reason}")]
    Rejected {
        /// The object.
        object: String,
        /// The server's words.
        reason: String,
    },
    /// The server does not serve this kind.
    #[error("the cluster does not serve {0}")]
    UnknownKind(String),
    /// 429 or 5xx.
    #[error("the API server is busy: {reason}")]
    Busy {
        /// The server's words.
        reason: String,
        /// How long to wait, when the server said so.
        retry_after: Option<std::time::Duration>,
    },
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn retry(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Credentials(_) => codes::CREDENTIALS_INVALID,
            Self::Unreachable(_) | Self::Busy { .. } => codes::CLUSTER_UNREACHABLE,
            Self::Denied(_) => codes::CLUSTER_DENIED,
            Self::Conflict { .. } => codes::CLUSTER_CONFLICT,
            Self::Rejected { .. } | Self::UnknownKind(_) => codes::CLUSTER_REJECTED,
        }
    }
}
