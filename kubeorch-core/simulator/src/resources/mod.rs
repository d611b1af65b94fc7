//! Which resources the server knows: one table, plus the kinds custom resource definitions add.

mod kind;
mod registry;
mod table;

pub(crate) use kind::{Resource, Scope, VERBS};
pub(crate) use registry::Registry;
