//! Why the store did not do it.

use crate::error::{Code, Describe, codes};

/// A failed read or write. After an error nothing of the batch is there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A precondition did not hold: somebody else was faster.
    #[error("{table} changed meanwhile")]
    Conflict {
        /// The table of the key.
        table: &'static str,
        /// The key.
        key: Vec<u8>,
    },
    /// Another process has the file open.
    #[error("the store {0} is open in another process")]
    Locked(String),
    /// The file or a record was written by a newer release.
    #[error("{0} was written by a newer release of this program")]
    Newer(String),
    /// A record cannot be read back.
    #[error("{what} cannot be read: {reason}")]
    Damaged {
        /// Which record or file.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The disk is full.
    #[error("the disk of the store is full")]
    Full,
    /// The write queue is at its limit.
    #[error("too many writes are waiting")]
    Busy,
    /// The disk failed, or the store is shutting down.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Conflict { .. } | Self::Busy => codes::STORE_BUSY,
            Self::Locked(_) => codes::STORE_LOCKED,
            Self::Newer(_) => codes::STORE_NEWER,
            Self::Damaged { .. } => codes::STORE_DAMAGED,
            Self::Full => codes::STORE_FULL,
            Self::Unavailable(_) => codes::STORE_UNAVAILABLE,
        }
    }
}
