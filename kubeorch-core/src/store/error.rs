//! Why the store did not do it.

use crate::error::{Code, Describe, codes};

/// A failed read or write. After an error nothing of the batch is there; only after [`Error::Unknown`] may it
/// be, because nobody knows what a failing disk kept.
#[derive(Debug, Clone, thiserror::Error)]
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
    /// A unique index holds this key for another record.
    #[error("{index} is taken")]
    Taken {
        /// The name of the index.
        index: &'static str,
    },
    /// A record with this key is there already.
    #[error("the record exists in {table}")]
    Exists {
        /// The table.
        table: &'static str,
    },
    /// A lease ran out or somebody else took it over: the work under it must stop.
    #[error("the lease {0} is lost")]
    LeaseLost(String),
    /// One batch is over the limit.
    #[error("a write of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
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
    /// Events that were asked for are gone: retention removed them.
    #[error("the events up to {} were removed", .upto.0)]
    Trimmed {
        /// The newest one that is gone; a feed from here has no further gap.
        upto: super::Seq,
    },
    /// A backup is not of this store, or not the one that goes before another.
    #[error("the backup {backup} does not fit: {reason}")]
    Unrelated {
        /// Its folder.
        backup: String,
        /// What does not fit.
        reason: String,
    },
    /// What is made of the store cannot be written where it is to go; the store has no part in it.
    #[error("{path} cannot be written: {reason}")]
    Destination {
        /// Where.
        path: String,
        /// Why not.
        reason: String,
    },
    /// More is to stay free than the disk has: nothing could ever be written.
    #[error("a reserve of {reserve} bytes is more than the disk of the store has, which is {disk}")]
    Reserve {
        /// What is to stay free.
        reserve: u64,
        /// The size of the file system.
        disk: u64,
    },
    /// The disk is full, or nearly: nothing was written.
    #[error("the disk of the store is full")]
    Full,
    /// The disk failed earlier and has not recovered; reads go on, nothing was written.
    #[error("the store only reads: {0}")]
    ReadOnly(String),
    /// The disk failed while it flushed: the write may be there or not. Ask, or repeat it with the same key.
    #[error("it is not known whether the write is kept: {0}")]
    Unknown(String),
    /// The write queue is at its limit.
    #[error("too many writes are waiting")]
    Busy,
    /// The store is shutting down, or cannot be read.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Conflict { .. } | Self::Busy => codes::STORE_BUSY,
            Self::Taken { .. } | Self::Exists { .. } => codes::STORE_TAKEN,
            Self::LeaseLost(_) => codes::STORE_LEASE_LOST,
            Self::TooLarge { .. } => codes::STORE_TOO_LARGE,
            Self::Locked(_) => codes::STORE_LOCKED,
            Self::Newer(_) => codes::STORE_NEWER,
            Self::Damaged { .. } => codes::STORE_DAMAGED,
            Self::Trimmed { .. } => codes::STORE_TRIMMED,
            Self::Unrelated { .. } => codes::STORE_UNRELATED,
            Self::Destination { .. } => codes::STORE_DESTINATION,
            Self::Reserve { .. } => codes::STORE_RESERVE,
            Self::Full => codes::STORE_FULL,
            Self::ReadOnly(_) => codes::STORE_READ_ONLY,
            Self::Unknown(_) => codes::STORE_UNKNOWN,
            Self::Unavailable(_) => codes::STORE_UNAVAILABLE,
        }
    }
}
