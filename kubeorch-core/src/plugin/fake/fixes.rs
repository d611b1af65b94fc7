//! A set of fix plugins made of closures.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::plugin::fix::{
    ApplyRequest, Catalog, DiagnoseRequest, Diagnosis, Proposal, Template, TemplateRequest,
};
use crate::plugin::{Error, World};

type Call<Q, A> = Box<dyn Fn(&Q) -> Result<A, Error> + Send + Sync>;

/// One fix plugin. What is not given finds nothing, and knows no finding.
pub struct Fix {
    catalog: Arc<Catalog>,
    diagnose: Call<DiagnoseRequest, Diagnosis>,
    template: Call<TemplateRequest, Template>,
    apply: Call<ApplyRequest, Proposal>,
}

impl Fix {
    /// With a catalog.
    pub fn new(catalog: Catalog) -> Self {
        let id = catalog.plugin.id.clone();
        let unknown = move || Error::UnknownPlugin { world: World::FixTemplate, id: id.clone() };
        let (template, apply) = (unknown.clone(), unknown);
        Self {
            catalog: Arc::new(catalog),
            diagnose: Box::new(|_| Ok(Diagnosis::default())),
            template: Box::new(move |_| Err(template())),
            apply: Box::new(move |_| Err(apply())),
        }
    }

    /// What is wrong with a node.
    #[must_use]
    pub fn diagnose(
        mut self,
        diagnose: impl Fn(&DiagnoseRequest) -> Result<Diagnosis, Error> + Send + Sync + 'static,
    ) -> Self {
        self.diagnose = Box::new(diagnose);
        self
    }

    /// The form of a finding.
    #[must_use]
    pub fn template(
        mut self,
        template: impl Fn(&TemplateRequest) -> Result<Template, Error> + Send + Sync + 'static,
    ) -> Self {
        self.template = Box::new(template);
        self
    }

    /// The patches.
    #[must_use]
    pub fn apply(
        mut self,
        apply: impl Fn(&ApplyRequest) -> Result<Proposal, Error> + Send + Sync + 'static,
    ) -> Self {
        self.apply = Box::new(apply);
        self
    }
}

/// [`Fixes`](crate::plugin::Fixes) without a sandbox: answers are given on as the closures make them.
#[derive(Default)]
pub struct Fixes {
    fixes: BTreeMap<String, Fix>,
}

impl Fixes {
    /// Adds a plugin, in the place of one with the same id.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.insert(fix.catalog.plugin.id.clone(), fix);
        self
    }

    fn get(&self, id: &str) -> Result<&Fix, Error> {
        let unknown = || Error::UnknownPlugin { world: World::FixTemplate, id: id.to_owned() };
        self.fixes.get(id).ok_or_else(unknown)
    }
}

#[async_trait]
impl crate::plugin::Fixes for Fixes {
    fn list(&self) -> Vec<Arc<Catalog>> {
        self.fixes.values().map(|fix| Arc::clone(&fix.catalog)).collect()
    }

    async fn diagnose(&self, plugin: &str, request: &DiagnoseRequest) -> Result<Arc<Diagnosis>, Error> {
        (self.get(plugin)?.diagnose)(request).map(Arc::new)
    }

    async fn template(&self, plugin: &str, request: &TemplateRequest) -> Result<Arc<Template>, Error> {
        (self.get(plugin)?.template)(request).map(Arc::new)
    }

    async fn apply(&self, plugin: &str, request: &ApplyRequest) -> Result<Proposal, Error> {
        (self.get(plugin)?.apply)(request)
    }
}
