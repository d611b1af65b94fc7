//! The catalogue is data, so are its tests: cases are made from the entries, their answers are goldens, and what is
//! rendered is held against excerpts of the schemas.
//!
//! `KUBEORCH_BLESS=1` rewrites the goldens.

mod cases;
mod contract;
mod hostile;
mod render;
mod schema;
mod status;

use std::path::PathBuf;

use crate::{
    model::{Entry, NodeType},
    source,
};

/// A path below `tests`.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn entries() -> Vec<Entry> {
    source::all().unwrap()
}

fn node_types() -> Vec<NodeType> {
    entries().into_iter().flat_map(|entry| entry.node_types).collect()
}
