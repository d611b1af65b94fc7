//! The workflow graph as pure data.
//!
//! Boundary: nothing here knows a node type by name, does I/O or waits. What a type means comes in as
//! [`TypeInfo`](links::TypeInfo) from the plugins.

mod model;

pub use model::{Edge, Graph, Node, Position};
