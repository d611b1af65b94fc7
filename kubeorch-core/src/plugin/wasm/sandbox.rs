//! The registry as a sandbox whose plugins come and go.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Host, Plugin, Quarantine, Registry, Stats};
use crate::plugin::{About, Candidate, Error, Sandbox, Usage};

/// Loads on a [`Host`] and serves through a [`Registry`].
pub struct WasmSandbox {
    host: Host,
    registry: Arc<Registry>,
}

/// What waits to be served.
struct Loaded {
    plugin: Plugin,
}

impl WasmSandbox {
    /// Over the registry that answers for the engine's node types.
    pub fn new(host: Host, registry: Arc<Registry>) -> Self {
        Self { host, registry }
    }
}

#[async_trait]
impl Sandbox for WasmSandbox {
    async fn load(&self, name: &str, bytes: Arc<[u8]>) -> Result<Candidate, Error> {
        let plugin = self.host.load(name, bytes).await?;
        Ok(Candidate::new(about(&plugin), Loaded { plugin }))
    }

    fn put(&self, candidate: Candidate) -> Result<(), Error> {
        let Loaded { plugin } = candidate.into_handle()?;
        self.registry.put(plugin).map(drop)
    }

    fn remove(&self, id: &str) -> bool {
        self.registry.remove(id).is_some()
    }

    fn plugins(&self) -> Vec<About> {
        self.registry.plugins().iter().map(about).collect()
    }

    fn usage(&self) -> Vec<Usage> {
        self.registry.stats().into_iter().map(usage).collect()
    }
}

fn about(plugin: &Plugin) -> About {
    About {
        info: plugin.info().clone(),
        digest: plugin.digest().to_owned(),
        manifest: plugin.manifest().cloned(),
        node_types: plugin.node_types().to_vec(),
        entries: plugin.entries().to_vec(),
    }
}

fn usage(stats: Stats) -> Usage {
    Usage {
        calls: stats.calls(),
        faults: stats.faults(),
        failing: stats.failing,
        quarantined: stats.quarantine != Quarantine::Closed,
        hits: stats.hits(),
        time: stats.time(),
        id: stats.plugin.id,
        version: stats.plugin.version,
    }
}
