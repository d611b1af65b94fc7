//! What a registry starts with.

use std::sync::Arc;

use futures::future::join_all;

use super::Registry;
use crate::plugin::Error;
use crate::plugin::wasm::{Host, Limits, Plugin};

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
        let ready = self.loaded.into_iter().map(|plugin| (plugin.info().id.clone(), Ok(plugin)));
        let loading = self.sources.into_iter().map(|(name, bytes)| {
            let host = &host;
            async move {
                let plugin = host.load(&name, bytes).await;
                (name, plugin)
            }
        });
        let loaded = join_all(loading).await;
        let registry = Registry::default();
        let mut refused = Vec::new();
        for (name, plugin) in ready.chain(loaded) {
            if let Err(error) = plugin.and_then(|plugin| add(&registry, plugin)) {
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

/// Two plugins of one id are an upgrade in a registry that runs; at its start they are a mistake.
fn add(registry: &Registry, plugin: Plugin) -> Result<(), Error> {
    let id = plugin.info().id.clone();
    if registry.plugin(&id).is_some() {
        return Err(Error::Invalid { reason: format!("there is a plugin {id} already"), plugin: id });
    }
    registry.put(plugin).map(drop)
}
