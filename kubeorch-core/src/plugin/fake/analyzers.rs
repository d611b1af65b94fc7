//! A set of import analyzers made of closures.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::plugin::analyzer::{Analysis, AnalyzeRequest, Catalog, Detected};
use crate::plugin::source::SourceTree;
use crate::plugin::{Error, ImportJob, World};

type Detect = dyn Fn(&dyn SourceTree) -> Result<Detected, Error> + Send + Sync;
type Analyze = dyn Fn(&dyn SourceTree, &AnalyzeRequest) -> Result<Analysis, Error> + Send + Sync;

/// [`Analyzers`](crate::plugin::Analyzers) without a sandbox: answers are given on as the closures make them.
#[derive(Default)]
pub struct Analyzers {
    analyzers: BTreeMap<String, Analyzer>,
}

#[derive(Clone)]
struct Analyzer {
    catalog: Arc<Catalog>,
    detect: Arc<Detect>,
    analyze: Arc<Analyze>,
}

struct Job {
    analyzer: Analyzer,
    tree: Arc<dyn SourceTree>,
}

impl Analyzers {
    /// Adds an analyzer, in the place of one with the same id.
    #[must_use]
    pub fn analyzer(
        mut self,
        catalog: Catalog,
        detect: impl Fn(&dyn SourceTree) -> Result<Detected, Error> + Send + Sync + 'static,
        analyze: impl Fn(&dyn SourceTree, &AnalyzeRequest) -> Result<Analysis, Error> + Send + Sync + 'static,
    ) -> Self {
        let (id, catalog) = (catalog.plugin.id.clone(), Arc::new(catalog));
        let analyzer = Analyzer { catalog, detect: Arc::new(detect), analyze: Arc::new(analyze) };
        self.analyzers.insert(id, analyzer);
        self
    }
}

#[async_trait]
impl crate::plugin::Analyzers for Analyzers {
    fn list(&self) -> Vec<Arc<Catalog>> {
        self.analyzers.values().map(|analyzer| Arc::clone(&analyzer.catalog)).collect()
    }

    async fn open(&self, plugin: &str, tree: Arc<dyn SourceTree>) -> Result<Box<dyn ImportJob>, Error> {
        let analyzer = self.analyzers.get(plugin).cloned();
        let unknown = || Error::UnknownPlugin { world: World::ImportAnalyzer, id: plugin.to_owned() };
        Ok(Box::new(Job { analyzer: analyzer.ok_or_else(unknown)?, tree }))
    }
}

#[async_trait]
impl ImportJob for Job {
    async fn detect(&mut self) -> Result<Arc<Detected>, Error> {
        (self.analyzer.detect)(&*self.tree).map(Arc::new)
    }

    async fn analyze(&mut self, request: &AnalyzeRequest) -> Result<Analysis, Error> {
        (self.analyzer.analyze)(&*self.tree, request)
    }
}
