//! One state of a registry: which plugins there are and who answers for what.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plugin::wasm::Plugin;
use crate::plugin::{Error, NodeType, catalog};

/// Never changes; another state is another set, so a reader of one sees all of a change or nothing of it.
#[derive(Clone, Default)]
pub(super) struct Set {
    plugins: Vec<Plugin>,
    types: BTreeMap<String, Entry>,
}

/// A node type and who answers for it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) node_type: Arc<NodeType>,
    pub(super) plugin: Plugin,
}

impl Set {
    /// In the order they were added; one that was replaced left its place to its successor.
    pub(super) fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    pub(super) fn plugin(&self, id: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.info().id == id)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.types.values()
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.types.get(name)
    }

    /// This set with a plugin in the place of the one with the same id, and that one. Refused where another plugin
    /// brings one of its node types.
    pub(super) fn with(&self, plugin: Plugin) -> Result<(Self, Option<Plugin>), Error> {
        let (mut set, replaced) = self.without(&plugin.info().id);
        let taken = set.taken(&plugin);
        if !taken.is_empty() {
            return Err(Error::Invalid {
                plugin: plugin.info().id.clone(),
                reason: catalog::complaint(&taken),
            });
        }
        for node_type in plugin.node_types() {
            let entry = Entry { node_type: Arc::clone(node_type), plugin: plugin.clone() };
            set.types.insert(node_type.name.clone(), entry);
        }
        let place = self.place(&plugin.info().id).unwrap_or(set.plugins.len());
        set.plugins.insert(place, plugin);
        Ok((set, replaced))
    }

    /// This set without a plugin, and the plugin.
    pub(super) fn without(&self, id: &str) -> (Self, Option<Plugin>) {
        let mut set = self.clone();
        let removed = self.place(id).map(|place| set.plugins.remove(place));
        set.types.retain(|_, entry| entry.plugin.info().id != id);
        (set, removed)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.plugins.iter().position(|plugin| plugin.info().id == id)
    }

    fn taken(&self, plugin: &Plugin) -> Vec<String> {
        let owner = |node_type: &Arc<NodeType>| {
            let entry = self.types.get(&node_type.name)?;
            let (name, owner) = (&entry.node_type.name, &entry.node_type.plugin);
            Some(format!("node type {name} is brought by {owner} already"))
        };
        plugin.node_types().iter().filter_map(owner).collect()
    }
}
