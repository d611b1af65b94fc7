//! The entries as the build script left them.

use kubeorch_plugin_sdk::Failure;

use crate::model::{Entry, NodeType};

/// One entry as JSON, and the node types in it.
struct Source {
    names: &'static [&'static str],
    json: &'static str,
}

static SOURCES: &[Source] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// All entries, by id.
pub(crate) fn all() -> Result<Vec<Entry>, Failure> {
    SOURCES.iter().map(Source::entry).collect()
}

/// A node type, and the id of its entry.
pub(crate) fn find(name: &str) -> Result<(String, NodeType), Failure> {
    let unknown = || Failure::unknown_node_type(name);
    let source = SOURCES.iter().find(|source| source.names.contains(&name)).ok_or_else(unknown)?;
    let entry = source.entry()?;
    let found = entry.node_types.into_iter().find(|node_type| node_type.name == name);
    Ok((entry.id, found.ok_or_else(unknown)?))
}

impl Source {
    fn entry(&self) -> Result<Entry, Failure> {
        serde_json::from_str(self.json).map_err(|error| Failure::new("catalogue.broken", error.to_string()))
    }
}
