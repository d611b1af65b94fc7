//! What can go wrong with versions.

use crate::error::{Code, Describe, codes};
use crate::store;

/// A version that is not there, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such number.
    #[error("Version not found")]
    NotFound,
    /// One of the two numbers of a comparison.
    #[error("One or both versions not found")]
    PairNotFound,
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotFound | Self::PairNotFound => codes::VERSION_NOT_FOUND,
            Self::Store(error) => error.code(),
        }
    }
}
