//! The workflow graph as pure data: what is in it, whether it holds together, in which order it is
//! applied, how two of them differ.
//!
//! Boundary: nothing here knows a node type by name, does I/O or waits. What a type means comes in as
//! [`Types`], which the engine builds from the plugins' catalogues. Nodes and edges are addressed by their
//! index in the graph that was passed in; where ids repeat, the first node of an id is meant
//! ([`validate()`] refuses such a graph).

pub mod canonical;
mod diff;
mod hash;
mod layout;
mod links;
mod model;
mod order;
mod path;
mod snapshot;
mod types;
mod validate;

#[cfg(test)]
pub(crate) mod tests;

pub use diff::{Change, Diff, Modified, Moved, diff};
pub use hash::{Hash, ParseHashError};
pub use layout::{NODE_HEIGHT, NODE_WIDTH};
pub use links::{Direction, Link, Links, Neighbour};
pub use model::{Edge, Graph, Node, Position};
pub use order::{Order, order};
pub use path::{Path, Step};
pub use types::{DEFAULT_RANK, End, Relation, Rule, TypeInfo, Types};
pub use validate::{Limits, validate};
