//! A set of loaded plugins that may change while it is used, as one set of node types.

mod builder;
mod set;

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use serde::Serialize;

pub use builder::Builder;
use set::{Entry, Set};

use super::answer;
use super::call::Export;
use super::memo::{Answer, Known};
use super::{Limits, Plugin, Stats};
use crate::error::Finding;
use crate::plugin::{
    Error, Facts, NodeInput, NodeType, NodeTypes, RenderRequest, Rendered, Status, StatusRequest,
};

/// Node types of any number of plugins. Plugins come, go and change version while calls run: a call that has begun
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
    /// [`Error::Invalid`], and without any change, where another plugin brings one of its node types.
    pub fn put(&self, plugin: Plugin) -> Result<Option<Plugin>, Error> {
        let mut current = self.set.write();
        let (set, replaced) = current.with(plugin)?;
        *current = Arc::new(set);
        Ok(replaced)
    }

    /// Takes a plugin out, and returns it. Its node types are unknown from here on.
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
}

impl Entry {
    /// The memo's answer, or a new one.
    async fn recall<T, F>(&self, export: Export, request: &T, decode: F) -> Result<Answer, Error>
    where
        T: Serialize,
        F: FnOnce(&[u8], &Limits) -> Result<Answer, String> + Send + 'static,
    {
        let key = self.plugin.key(export, request)?;
        if let Some(answer) = self.plugin.memo().get(&key) {
            self.plugin.hit();
            return Ok(answer);
        }
        let call = self.plugin.ask(export, key.bytes(), move |bytes, limits| {
            decode(bytes, limits).map(|answer| Known { answer, size: bytes.len() })
        });
        self.plugin.memo().make(&key, call).await
    }

    /// Only a bug of this module can bring it up: every export has its own keys.
    fn confused(&self, export: Export) -> Error {
        Error::Failed {
            plugin: self.node_type.plugin.clone(),
            export: export.name(),
            reason: "the memo holds an answer of another export".into(),
        }
    }
}

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
        let decode = |bytes: &[u8], _: &Limits| answer::facts(bytes).map(|facts| Answer::Facts(facts.into()));
        match entry.recall(Export::Facts, &Request { node }, decode).await? {
            Answer::Facts(facts) => Ok(facts),
            _ => Err(entry.confused(Export::Facts)),
        }
    }

    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error> {
        let entry = self.entry(&request.node.kind)?;
        let node = request.node.id.clone();
        let decode =
            move |bytes: &[u8], limits: &Limits| answer::findings(bytes, &node, limits).map(Answer::Findings);
        match entry.recall(Export::Validate, request, decode).await? {
            Answer::Findings(findings) => Ok(findings.to_vec()),
            _ => Err(entry.confused(Export::Validate)),
        }
    }

    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error> {
        let entry = self.entry(&request.node.kind)?;
        let node = request.node.id.clone();
        let node_type = Arc::clone(&entry.node_type);
        let decode = move |bytes: &[u8], limits: &Limits| {
            answer::rendered(bytes, &node, &node_type, limits).map(|answer| Answer::Rendered(answer.into()))
        };
        match entry.recall(Export::Render, request, decode).await? {
            Answer::Rendered(rendered) => Ok(rendered),
            _ => Err(entry.confused(Export::Render)),
        }
    }

    async fn status(&self, request: &StatusRequest) -> Result<Status, Error> {
        // Live objects change all the time; remembering them would only push renders out of the memo.
        let plugin = self.entry(&request.node.kind)?.plugin;
        let key = plugin.key(Export::Status, request)?;
        plugin.ask(Export::Status, key.into_bytes(), |bytes, _| answer::status(bytes)).await
    }
}
