//! From a graph to rendered objects: validate, resolve links, render. Nothing here talks to a cluster.
//!
//! A graph is edited a node at a time and prepared after every edit, so what the last graph of a workflow became is
//! kept in a bounded [`Cache`]: `read` tells which nodes are the same, `bonds` whether they hang together as before,
//! and only a node that changed, or whose neighbour tells something else now, is rendered again. Node types are pure
//! functions, so the result is the one from scratch; a property test compares the two.

mod ask;
mod bonds;
mod cache;
mod catalogue;
mod made;
mod model;
mod read;
mod settle;
mod steps;
#[cfg(test)]
mod tests;

pub(super) use cache::Cache;
pub use model::{NODE_LABEL, WORKFLOW_LABEL};
pub(crate) use model::{Prepared, PreparedNode};
