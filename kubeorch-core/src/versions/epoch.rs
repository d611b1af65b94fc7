//! One row that every writer of contents changes, so that a collection notices them.

use serde::{Deserialize, Serialize};

use crate::graph::Hash;
use crate::id::VersionId;
use crate::store::{Record, Table};

/// The last write of a content. Writers overwrite it unread, so they never conflict with each other; a
/// [collection](super::collect) reads it in every transaction, so it conflicts with each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Epoch {
    /// Differs from write to write.
    last: String,
}

impl Epoch {
    pub(super) fn appended(version: VersionId) -> Self {
        Self { last: version.to_string() }
    }

    /// A content is rewritten once in its life.
    pub(super) fn rewritten(content: Hash) -> Self {
        Self { last: content.to_string() }
    }

    /// The key of the one row.
    pub(super) const KEY: u8 = 0;
}

impl Record for Epoch {
    const TABLE: Table = Table("content_epoch");
    type Key = u8;

    fn key(&self) -> u8 {
        Self::KEY
    }
}
