//! Templates, manifests and sections. What a compiler makes of a project is tested by the command line's tests.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod component;
mod scaffold;
mod source;
mod templates;

/// The template, compiled as it is; its own tests run here too.
#[path = "../../templates/node-types/src/lib.rs"]
pub mod node_types;
