//! The plugins of a registry as one set of steps.

use std::sync::Arc;

use async_trait::async_trait;

use super::Registry;
use crate::plugin::step::{Request, Response, Step};
use crate::plugin::wasm::answer;
use crate::plugin::wasm::call::Export;
use crate::plugin::{Error, Steps};

#[async_trait]
impl Steps for Registry {
    fn list(&self) -> Vec<Arc<Step>> {
        let set = self.set();
        let mut all: Vec<_> = set.steps().map(|entry| Arc::clone(&entry.step)).collect();
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<Step>> {
        self.set().step(name).map(|entry| Arc::clone(&entry.step))
    }

    /// Not remembered: a flow records what its steps answered, and asks once.
    async fn run(&self, request: &Request) -> Result<Response, Error> {
        let entry = self.set().step(&request.step).cloned();
        let entry = entry.ok_or_else(|| Error::UnknownStep(request.step.clone()))?;
        let key = entry.plugin.key(Export::Run, request)?;
        let decode = move |bytes: &[u8], _: &_| answer::step::response(bytes, &entry.step);
        entry.plugin.ask(Export::Run, key.into_bytes(), decode).await
    }
}
