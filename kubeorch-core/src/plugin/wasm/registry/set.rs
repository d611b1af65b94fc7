//! One state of a registry: which plugins there are and who answers for what.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plugin::step::Step;
use crate::plugin::wasm::Plugin;
use crate::plugin::{Error, NodeType, catalog};

/// Never changes; another state is another set, so a reader of one sees all of a change or nothing of it.
#[derive(Clone, Default)]
pub(super) struct Set {
    plugins: Vec<Plugin>,
    types: BTreeMap<String, Entry>,
    steps: BTreeMap<String, StepEntry>,
}

/// A step and who runs it.
#[derive(Clone)]
pub(super) struct StepEntry {
    pub(super) step: Arc<Step>,
    pub(super) plugin: Plugin,
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

    pub(super) fn steps(&self) -> impl Iterator<Item = &StepEntry> {
        self.steps.values()
    }

    pub(super) fn step(&self, name: &str) -> Option<&StepEntry> {
        self.steps.get(name)
    }

    /// This set with a plugin in the place of the one with the same id, and that one. Refused where another plugin
    /// brings one of its node types or steps.
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
        for step in plugin.steps() {
            let entry = StepEntry { step: Arc::clone(step), plugin: plugin.clone() };
            set.steps.insert(step.name.clone(), entry);
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
        set.steps.retain(|_, entry| entry.plugin.info().id != id);
        (set, removed)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.plugins.iter().position(|plugin| plugin.info().id == id)
    }

    fn taken(&self, plugin: &Plugin) -> Vec<String> {
        let types = plugin.node_types().iter().filter_map(|node_type| {
            let owner = &self.types.get(&node_type.name)?.node_type.plugin;
            Some(format!("node type {} is brought by {owner} already", node_type.name))
        });
        let steps = plugin.steps().iter().filter_map(|step| {
            let owner = &self.steps.get(&step.name)?.step.plugin;
            Some(format!("step {} is brought by {owner} already", step.name))
        });
        types.chain(steps).collect()
    }
}
