//! The fix templates of a registry.

use std::sync::Arc;

use async_trait::async_trait;

use super::Registry;
use crate::manifest::Object;
use crate::plugin::fix::{
    ApplyRequest, Catalog, DiagnoseRequest, Diagnosis, Proposal, Template, TemplateRequest,
};
use crate::plugin::wasm::answer;
use crate::plugin::wasm::call::Export;
use crate::plugin::wasm::memo::Answer;
use crate::plugin::{Error, Fixes, World};

#[async_trait]
impl Fixes for Registry {
    fn list(&self) -> Vec<Arc<Catalog>> {
        let set = self.set();
        let mut all: Vec<_> = set.plugins().iter().filter_map(|plugin| plugin.fixes().cloned()).collect();
        all.sort_by(|a, b| a.plugin.id.cmp(&b.plugin.id));
        all
    }

    async fn diagnose(&self, plugin: &str, request: &DiagnoseRequest) -> Result<Arc<Diagnosis>, Error> {
        let plugin = self.of_world(World::FixTemplate, plugin)?;
        let asked = plugin.clone();
        let decode = move |bytes: &[u8], limits: &_| {
            let catalog = asked.fixes().ok_or("it has no catalog")?;
            answer::fix::diagnosis(bytes, catalog, limits).map(|answer| Answer::Diagnosis(answer.into()))
        };
        match plugin.recall(Export::Diagnose, request, decode).await? {
            Answer::Diagnosis(diagnosis) => Ok(diagnosis),
            _ => Err(plugin.confused(Export::Diagnose)),
        }
    }

    async fn template(&self, plugin: &str, request: &TemplateRequest) -> Result<Arc<Template>, Error> {
        let plugin = self.of_world(World::FixTemplate, plugin)?;
        let decode =
            |bytes: &[u8], _: &_| answer::fix::template(bytes).map(|answer| Answer::Template(answer.into()));
        match plugin.recall(Export::Template, request, decode).await? {
            Answer::Template(template) => Ok(template),
            _ => Err(plugin.confused(Export::Template)),
        }
    }

    /// Not remembered: a person filled in the form, and does so once.
    async fn apply(&self, plugin: &str, request: &ApplyRequest) -> Result<Proposal, Error> {
        let plugin = self.of_world(World::FixTemplate, plugin)?;
        let shown: Vec<_> = request.facts.objects().map(Object::key).collect();
        let key = plugin.key(Export::Apply, request)?;
        let decode = move |bytes: &[u8], _: &_| answer::fix::proposal(bytes, &shown);
        plugin.ask(Export::Apply, key.into_bytes(), decode).await
    }
}
