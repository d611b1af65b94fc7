//! A set of loaded plugins as one set of node types.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use serde::Serialize;

use super::answer;
use super::call::Export;
use super::memo::{Answer, Known};
use super::{Host, Limits, Plugin, Stats};
use crate::error::Finding;
use crate::plugin::{
    Error, Facts, NodeInput, NodeType, NodeTypes, RenderRequest, Rendered, Status, StatusRequest,
};

/// Node types of any number of plugins. It never changes: to add or drop a plugin, build another one of the
/// same [`Host`] with the [`Plugin`]s to keep; what the memo knows of them stays known.
pub struct Registry {
    plugins: Vec<Plugin>,
    types: BTreeMap<String, Entry>,
}

struct Entry {
    node_type: Arc<NodeType>,
    plugin: Plugin,
}

/// Collects what a [`Registry`] is made of.
#[derive(Default)]
pub struct Builder {
    limits: Limits,
    host: Option<Host>,
    loaded: Vec<Plugin>,
    sources: Vec<(String, Arc<[u8]>)>,
}

impl Builder {
    /// Bounds of the host that [`build`](Self::build) starts; a host that is given has its own.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Uses a host that runs already.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.host = Some(host);
        self
    }

    /// Adds a plugin that is loaded already; it keeps running on its own host.
    #[must_use]
    pub fn loaded(mut self, plugin: Plugin) -> Self {
        self.loaded.push(plugin);
        self
    }

    /// Adds a component. `name` is what an error calls it, a file name for instance.
    #[must_use]
    pub fn plugin(mut self, name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        self.sources.push((name.into(), bytes.into()));
        self
    }

    /// Loads all plugins side by side, and returns those that could not be taken with the reason. Of two
    /// plugins with one id or one node type the first stays. Fails only when no host can be started.
    pub async fn build(self) -> Result<(Registry, Vec<(String, Error)>), Error> {
        let host = match self.host {
            Some(host) => host,
            None => Host::new(self.limits)?,
        };
        let mut registry = Registry { plugins: Vec::new(), types: BTreeMap::new() };
        let mut refused = Vec::new();
        let ready = self.loaded.into_iter().map(|plugin| (plugin.info().id.clone(), Ok(plugin)));
        let loading = self.sources.into_iter().map(|(name, bytes)| {
            let host = &host;
            async move {
                let plugin = host.load(&name, bytes).await;
                (name, plugin)
            }
        });
        let loaded = join_all(loading).await;
        for (name, plugin) in ready.chain(loaded) {
            if let Err(error) = plugin.and_then(|plugin| registry.add(plugin)) {
                refused.push((name, error));
            }
        }
        Ok((registry, refused))
    }

    /// Like [`build`](Self::build), but the first plugin that cannot be taken fails it.
    pub async fn try_build(self) -> Result<Registry, Error> {
        let (registry, refused) = self.build().await?;
        match refused.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(registry),
        }
    }
}

impl Registry {
    /// An empty builder.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The plugins, in the order they were added.
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// Numbers of every plugin, in the same order.
    pub fn stats(&self) -> Vec<Stats> {
        self.plugins.iter().map(Plugin::stats).collect()
    }

    fn add(&mut self, plugin: Plugin) -> Result<(), Error> {
        let id = &plugin.info().id;
        let invalid = |reason: String| Error::Invalid { plugin: id.clone(), reason };
        if self.plugins.iter().any(|other| other.info().id == *id) {
            return Err(invalid(format!("there is a plugin {id} already")));
        }
        let taken: Vec<String> = plugin
            .node_types()
            .iter()
            .filter_map(|node_type| self.types.get(&node_type.name))
            .map(|entry| {
                format!("node type {} is brought by {} already", entry.node_type.name, entry.node_type.plugin)
            })
            .collect();
        if !taken.is_empty() {
            return Err(invalid(crate::plugin::catalog::complaint(&taken)));
        }
        for node_type in plugin.node_types() {
            let entry = Entry { node_type: Arc::clone(node_type), plugin: plugin.clone() };
            self.types.insert(node_type.name.clone(), entry);
        }
        self.plugins.push(plugin);
        Ok(())
    }

    fn entry(&self, name: &str) -> Result<&Entry, Error> {
        self.types.get(name).ok_or_else(|| Error::UnknownType(name.to_owned()))
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
        let mut all: Vec<_> = self.types.values().map(|entry| Arc::clone(&entry.node_type)).collect();
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<NodeType>> {
        self.types.get(name).map(|entry| Arc::clone(&entry.node_type))
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
        let plugin = &self.entry(&request.node.kind)?.plugin;
        let key = plugin.key(Export::Status, request)?;
        plugin.ask(Export::Status, key.into_bytes(), |bytes, _| answer::status(bytes)).await
    }
}
