//! What can go wrong with retention.

use crate::error::{Code, Describe, codes};
use crate::{runs, store, workflows};

/// A policy that makes no sense, or a sweep that ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A limit is out of its range.
    #[error("{0}")]
    Policy(String),
    /// About workflows and their versions, or the caller is no admin.
    #[error(transparent)]
    Workflow(#[from] workflows::Error),
    /// About runs.
    #[error(transparent)]
    Run(#[from] runs::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Policy(_) => codes::REQUEST_INVALID,
            Self::Workflow(error) => error.code(),
            Self::Run(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
