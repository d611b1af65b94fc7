//! The import analyzers of a registry.

use std::sync::Arc;

use async_trait::async_trait;

use super::Registry;
use crate::plugin::analyzer::Catalog;
use crate::plugin::source::SourceTree;
use crate::plugin::wasm::job::Job;
use crate::plugin::{Analyzers, Error, ImportJob, World};

#[async_trait]
impl Analyzers for Registry {
    fn list(&self) -> Vec<Arc<Catalog>> {
        let set = self.set();
        let mut all: Vec<_> = set.plugins().iter().filter_map(|plugin| plugin.analyzer().cloned()).collect();
        all.sort_by(|a, b| a.plugin.id.cmp(&b.plugin.id));
        all
    }

    async fn open(&self, plugin: &str, tree: Arc<dyn SourceTree>) -> Result<Box<dyn ImportJob>, Error> {
        let plugin = self.of_world(World::ImportAnalyzer, plugin)?;
        Ok(Box::new(Job::open(plugin, tree)?))
    }
}
