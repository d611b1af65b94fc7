//! A set of loaded plugins that may change while it is used. It implements the trait of every world.

mod analyzers;
mod builder;
mod fixes;
mod node_types;
mod set;
mod steps;

use std::sync::Arc;

use parking_lot::RwLock;

pub use builder::Builder;
use set::{Entry, Set};

use super::{Plugin, Stats};
use crate::plugin::{Error, World};

/// Any number of plugins, as one set of node types, one of steps, and so on. Plugins come, go and change version while calls run: a call that has begun
/// ends in the plugin that it began in, and the next one sees the new state. A [`Plugin`] that was replaced can be put
/// back; what the memo knows of it stays known as long as its host lives.
#[derive(Default)]
pub struct Registry {
    /// Read for the length of one clone. Changes hold it from the check to the exchange, so two of them never both
    /// find a name free.
    set: RwLock<Arc<Set>>,
}

impl Registry {
    /// An empty builder.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Installs a plugin, or puts it in the place of the one with the same id, which is returned. Refused with
    /// [`Error::Invalid`], and without any change, where another plugin brings one of its node types or steps.
    pub fn put(&self, plugin: Plugin) -> Result<Option<Plugin>, Error> {
        let mut current = self.set.write();
        let (set, replaced) = current.with(plugin)?;
        *current = Arc::new(set);
        Ok(replaced)
    }

    /// Takes a plugin out, and returns it. What it brings is unknown from here on.
    pub fn remove(&self, id: &str) -> Option<Plugin> {
        let mut current = self.set.write();
        let (set, removed) = current.without(id);
        *current = Arc::new(set);
        removed
    }

    /// The plugins, in the order they were added.
    pub fn plugins(&self) -> Vec<Plugin> {
        self.set().plugins().to_vec()
    }

    /// The plugin with this id.
    pub fn plugin(&self, id: &str) -> Option<Plugin> {
        self.set().plugin(id).cloned()
    }

    /// Numbers of every plugin, in the order of [`plugins`](Self::plugins).
    pub fn stats(&self) -> Vec<Stats> {
        self.set().plugins().iter().map(Plugin::stats).collect()
    }

    fn set(&self) -> Arc<Set> {
        Arc::clone(&self.set.read())
    }

    fn entry(&self, name: &str) -> Result<Entry, Error> {
        self.set().entry(name).cloned().ok_or_else(|| Error::UnknownType(name.to_owned()))
    }

    /// A plugin of a world that is asked by plugin.
    fn of_world(&self, world: World, id: &str) -> Result<Plugin, Error> {
        let plugin = self.plugin(id).filter(|plugin| plugin.world() == world);
        plugin.ok_or_else(|| Error::UnknownPlugin { world, id: id.to_owned() })
    }
}
