//! Versions: immutable, numbered snapshots of a workflow's graph, content stored once by hash.
//!
//! A version is a small record that names its `content` by hash. Contents share their parts (`blob`): nodes and runs of
//! edges, in Merkle trees (`tree`) whose chunks are cut by what ids hash to (`chunk`). `load` reads them, `check`
//! verifies them, `collect` removes what no version needs any more.
//!
//! Boundary: this domain stores and compares; whether a caller may see a workflow is decided by
//! `workflows`, which alone calls it.

mod blob;
mod check;
mod chunk;
pub(crate) mod collect;
mod compare;
pub(crate) mod content;
mod epoch;
mod error;
mod load;
mod model;
mod records;
mod removed;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod tree;

pub use compare::Comparison;
pub use error::Error;
pub use model::{Full, Label, Version};
pub(crate) use records::records;
pub(crate) use removed::Removed;
