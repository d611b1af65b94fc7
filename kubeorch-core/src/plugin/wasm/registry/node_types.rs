//! The plugins of a registry as one set of node types.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::Registry;
use crate::error::Finding;
use crate::plugin::wasm::Limits;
use crate::plugin::wasm::answer::node_types;
use crate::plugin::wasm::call::Export;
use crate::plugin::wasm::memo::Answer;
use crate::plugin::{
    Error, Facts, NodeInput, NodeType, NodeTypes, RenderRequest, Rendered, Status, StatusRequest,
};

#[async_trait]
impl NodeTypes for Registry {
    fn list(&self) -> Vec<Arc<NodeType>> {
        let set = self.set();
        let mut all: Vec<_> = set.entries().map(|entry| Arc::clone(&entry.node_type)).collect();
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<NodeType>> {
        self.set().entry(name).map(|entry| Arc::clone(&entry.node_type))
    }

    async fn facts(&self, node: &NodeInput) -> Result<Arc<Facts>, Error> {
        #[derive(Serialize)]
        struct Request<'a> {
            node: &'a NodeInput,
        }
        let entry = self.entry(&node.kind)?;
        let decode =
            |bytes: &[u8], _: &Limits| node_types::facts(bytes).map(|facts| Answer::Facts(facts.into()));
        match entry.plugin.recall(Export::Facts, &Request { node }, decode).await? {
            Answer::Facts(facts) => Ok(facts),
            _ => Err(entry.plugin.confused(Export::Facts)),
        }
    }

    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error> {
        let entry = self.entry(&request.node.kind)?;
        let node = request.node.id.clone();
        let decode = move |bytes: &[u8], limits: &Limits| {
            node_types::findings(bytes, &node, limits).map(Answer::Findings)
        };
        match entry.plugin.recall(Export::Validate, request, decode).await? {
            Answer::Findings(findings) => Ok(findings.to_vec()),
            _ => Err(entry.plugin.confused(Export::Validate)),
        }
    }

    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error> {
        let entry = self.entry(&request.node.kind)?;
        let node = request.node.id.clone();
        let node_type = Arc::clone(&entry.node_type);
        let decode = move |bytes: &[u8], limits: &Limits| {
            node_types::rendered(bytes, &node, &node_type, limits)
                .map(|answer| Answer::Rendered(answer.into()))
        };
        match entry.plugin.recall(Export::Render, request, decode).await? {
            Answer::Rendered(rendered) => Ok(rendered),
            _ => Err(entry.plugin.confused(Export::Render)),
        }
    }

    async fn status(&self, request: &StatusRequest) -> Result<Status, Error> {
        // Live objects change all the time; remembering them would only push renders out of the memo.
        let plugin = self.entry(&request.node.kind)?.plugin;
        let key = plugin.key(Export::Status, request)?;
        plugin.ask(Export::Status, key.into_bytes(), |bytes, _| node_types::status(bytes)).await
    }
}
