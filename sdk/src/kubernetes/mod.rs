//! Building Kubernetes objects: always as objects, never as text.

mod labels;
mod live;
mod probe;
mod tree;

pub use self::{
    labels::{MANAGED_BY, Meta, annotations, custom_labels, label_map, label_text},
    live::{at, condition, integer_at, is_deleting, qualified_name, text_at},
    probe::{Defaults as ProbeDefaults, probe},
    tree::Tree,
};

use serde_json::Value;

/// An object that has a name and perhaps a namespace, and nothing else yet.
pub fn object(api_version: &str, kind: &str, name: &str, namespace: Option<&str>) -> Tree {
    let metadata = Tree::new().set("name", name).set_some("namespace", namespace);
    with_metadata(api_version, kind, metadata)
}

/// An object with that metadata.
pub fn with_metadata(api_version: &str, kind: &str, metadata: impl Into<Value>) -> Tree {
    Tree::new().set("apiVersion", api_version).set("kind", kind).set("metadata", metadata)
}
