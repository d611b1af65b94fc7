//! What can go wrong with clusters. Texts are those of the contract, section 2.6.

use crate::actor::Denied;
use crate::error::{Code, Describe, codes};
use crate::{kube, store, users};

/// A refused operation on a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Unknown, or somebody else's.
    #[error("Cluster not found")]
    NotFound,
    /// The caller has chosen none.
    #[error("No default cluster set")]
    NoDefault,
    /// A workflow or request names a cluster that the caller does not have.
    #[error("cluster {0:?} not found")]
    Unknown(String),
    /// The name is taken.
    #[error("a cluster named {0:?} exists already")]
    Exists(String),
    /// Members are missing or unusable; all of them are named.
    #[error("Invalid request body: {}", .0.join("; "))]
    Invalid(Vec<String>),
    /// A cluster that comes with the server.
    #[error("cluster {0:?} comes with the server and cannot be changed")]
    BuiltIn(String),
    /// Nobody is signed in, or a permission is missing.
    #[error(transparent)]
    Denied(users::Error),
    /// The API server.
    #[error(transparent)]
    Kube(#[from] kube::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The sealed credentials do not open.
    #[error("the encryption key does not fit the stored credentials")]
    WrongKey,
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::NotFound,
            other => Self::Denied(other.into()),
        }
    }
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotFound | Self::NoDefault => codes::CLUSTER_NOT_FOUND,
            Self::Unknown(_) | Self::Invalid(_) => codes::REQUEST_INVALID,
            Self::Exists(_) => codes::CLUSTER_EXISTS,
            Self::BuiltIn(_) => codes::PERMISSION_MISSING,
            Self::Denied(error) => error.code(),
            Self::Kube(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::WrongKey => codes::STORE_DAMAGED,
        }
    }
}
