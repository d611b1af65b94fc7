//! Versions: immutable, numbered snapshots of a workflow's graph, content stored once by hash.
//!
//! Boundary: this domain stores and compares; whether a caller may see a workflow is decided by
//! `workflows`, which alone calls it.

mod compare;
mod error;
mod model;
mod records;
pub(crate) mod table;

pub use compare::Comparison;
pub use error::Error;
pub use model::{Full, Label, Version};
pub(crate) use records::records;
