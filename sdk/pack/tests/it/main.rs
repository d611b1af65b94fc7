//! Templates, manifests and sections. What a compiler makes of a project is tested by the command line's tests.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod component;
mod scaffold;
mod source;
mod templates;

// The templates, compiled as they are; their own tests run here too.
#[path = "../../templates/fix-template/src/lib.rs"]
pub mod fix_template;
#[path = "../../templates/import-analyzer/src/lib.rs"]
pub mod import_analyzer;
#[path = "../../templates/node-types/src/lib.rs"]
pub mod node_types;
#[path = "../../templates/step/src/lib.rs"]
pub mod step;
