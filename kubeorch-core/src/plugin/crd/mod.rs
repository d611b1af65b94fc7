//! Node types out of a cluster's own `CustomResourceDefinition`s: the schema is the form, the node's data the spec.
//!
//! Boundary: nothing is fetched and nothing stored. Whoever holds a definition makes a [`CustomType`] of it and puts it
//! into a [`WithCustomTypes`], which stands before the node types of the plugins.

mod form;
mod set;
mod shape;
#[cfg(test)]
mod tests;

pub use form::{CustomType, MAX_DEFINITION};
pub use set::WithCustomTypes;
