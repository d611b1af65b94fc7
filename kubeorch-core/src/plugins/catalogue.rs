//! The catalogue: what plugins bring, as the entries that a user enables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::bytes;
use super::field::{Field, fields};
use crate::plugin::{About, Entry, NodeType};
use crate::time::Time;

/// An entry of the catalogue, as one user sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What the component says.
    pub entry: Entry,
    /// The plugin that brings it.
    pub plugin: String,
    /// Its node types, in the plugin's own order.
    pub node_types: Vec<ListedType>,
    /// When it first appeared here.
    pub created_at: Time,
    /// When what it says last changed.
    pub updated_at: Time,
    /// Since when the user has it enabled.
    pub enabled_at: Option<Time>,
}

/// A node type of an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedType {
    /// What `type` of a node holds.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// One or two sentences.
    pub description: String,
    /// Group in the palette.
    pub category: String,
    /// What a node's data may hold, in display order.
    pub fields: Vec<Field>,
}

impl From<&NodeType> for ListedType {
    fn from(node_type: &NodeType) -> Self {
        Self {
            name: node_type.name.clone(),
            display_name: node_type.title.clone(),
            description: node_type.description.clone(),
            category: node_type.category.clone(),
            fields: fields(&node_type.parameters),
        }
    }
}

/// An entry with what belongs to it.
pub(super) struct Brought {
    pub(super) entry: Entry,
    pub(super) plugin: String,
    pub(super) node_types: Vec<Arc<NodeType>>,
}

impl Brought {
    /// SHA-256 of what it says.
    pub(super) fn digest(&self) -> String {
        let types: Vec<Value> = self.node_types.iter().map(|it| json!(**it)).collect();
        bytes::digest(json!([self.entry, types]).to_string().as_bytes())
    }
}

/// All entries by id. What comes with the program and belongs to no entry is everybody's. Another plugin without entries
/// is one entry of its own.
pub(super) fn entries(plugins: &[About], built_in: &BTreeSet<String>) -> BTreeMap<String, Brought> {
    let mut all = BTreeMap::new();
    for about in plugins {
        let own = about.entries.is_empty() && !built_in.contains(&about.info.id);
        let found = if own { vec![itself(about)] } else { about.entries.clone() };
        for entry in found {
            let of = |it: &&Arc<NodeType>| own || it.entry.as_ref() == Some(&entry.id);
            let node_types = about.node_types.iter().filter(of).cloned().collect();
            let brought = Brought { plugin: about.info.id.clone(), node_types, entry };
            all.entry(brought.entry.id.clone()).or_insert(brought);
        }
    }
    all
}

/// A plugin that is one thing.
fn itself(about: &About) -> Entry {
    let info = &about.info;
    let first = about.node_types.first();
    Entry {
        id: info.id.clone(),
        display_name: info.name.clone(),
        description: info.description.clone(),
        category: first.map(|it| it.category.clone()).unwrap_or_default(),
        version: info.version.clone(),
        crd_group: first.and_then(|it| Some(it.kinds.first()?.kind.group().to_owned())).unwrap_or_default(),
        crd_kinds: kinds(&about.node_types),
        icon: first.map(|it| it.icon.clone()).unwrap_or_default(),
    }
}

fn kinds(node_types: &[Arc<NodeType>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = node_types.iter().flat_map(|it| &it.kinds).map(|it| it.kind.kind.clone());
    all.filter(|kind| seen.insert(kind.clone())).collect()
}
