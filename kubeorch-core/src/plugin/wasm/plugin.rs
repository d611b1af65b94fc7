//! A loaded plugin: who it is, what it brings, and calls into it.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::Stats;
use super::answer;
use super::call::Export;
use super::guest::Guest;
use super::host::{Inner, Runtime};
use super::memo::{Key, Memo};
use super::pool::Refused;
use super::stats::Counters;
use crate::plugin::{Catalog, Entry, Error, NodeType, PluginInfo};

/// A component that was compiled, checked and asked for its node types. A cheap clone.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Loaded>,
}

struct Loaded {
    host: Arc<Inner>,
    /// Its lane in the pool and its part of the memo; never used twice in one host.
    number: u32,
    guest: Arc<Guest>,
    info: PluginInfo,
    node_types: Vec<Arc<NodeType>>,
    entries: Vec<Entry>,
    digest: String,
    counters: Counters,
}

impl Plugin {
    pub(super) async fn load(
        host: Arc<Inner>,
        number: u32,
        name: String,
        bytes: Arc<[u8]>,
    ) -> Result<Self, Error> {
        let file = name.clone();
        let (guest, digest, catalog) = host
            .run_load(number, move |runtime| {
                let digest = Sha256::digest(&bytes).into();
                let mut guest = Guest::compile(runtime, &name, &bytes, &digest)?;
                let answer = guest.call(runtime, Export::ListTypes, &[])?;
                let catalog: Catalog = answer::catalog(&answer, &runtime.limits)
                    .map_err(|reason| Error::Invalid { plugin: name.clone(), reason })?;
                guest.rename(&catalog.plugin.id);
                Ok((guest, hex(&digest), catalog))
            })
            .await
            .map_err(|refused| refusal(refused, &file, Export::ListTypes))??;
        let node_types = catalog.node_types.into_iter().map(Arc::new).collect();
        Ok(Self {
            inner: Arc::new(Loaded {
                host,
                number,
                guest: Arc::new(guest),
                info: catalog.plugin,
                node_types,
                entries: catalog.entries,
                digest,
                counters: Counters::default(),
            }),
        })
    }

    /// Who it says it is.
    pub fn info(&self) -> &PluginInfo {
        &self.inner.info
    }

    /// What it brings, in its own order.
    pub fn node_types(&self) -> &[Arc<NodeType>] {
        &self.inner.node_types
    }

    /// The parts of it that users enable or leave out, in its own order.
    pub fn entries(&self) -> &[Entry] {
        &self.inner.entries
    }

    /// SHA-256 of the component, in lower-case hex.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// What it has done since it was loaded.
    pub fn stats(&self) -> Stats {
        self.inner.counters.read(&self.inner.info, &self.inner.digest)
    }

    /// The key of a request to this plugin.
    pub(super) fn key<T: serde::Serialize>(&self, export: Export, request: &T) -> Result<Key, Error> {
        Key::new(self.inner.number, export, request)
            .map_err(|error| self.inner.guest.failed(export, format!("the request is not JSON: {error}")))
    }

    pub(super) fn memo(&self) -> &Memo {
        &self.inner.host.memo
    }

    pub(super) fn hit(&self) {
        self.inner.counters.hit();
    }

    /// Calls into a fresh instance and decodes the answer, both on a worker.
    pub(super) async fn ask<T, F>(&self, export: Export, request: Vec<u8>, decode: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&[u8], &super::Limits) -> Result<T, String> + Send + 'static,
    {
        let plugin = Arc::clone(&self.inner);
        self.work(export, move |runtime| {
            let start = Instant::now();
            let answer = plugin.guest.call(runtime, export, Key::request(&request)).and_then(|answer| {
                decode(&answer, &runtime.limits).map_err(|reason| plugin.guest.failed(export, reason))
            });
            plugin.counters.call(start.elapsed(), answer.as_ref().err());
            answer
        })
        .await?
    }

    /// Runs blocking work in its lane.
    pub(super) async fn work<T, F>(&self, export: Export, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Runtime) -> T + Send + 'static,
    {
        let done = self.inner.host.run(self.inner.number, work).await;
        done.map_err(|refused| refusal(refused, &self.inner.info.id, export))
    }

    pub(super) fn guest(&self) -> &Arc<Guest> {
        &self.inner.guest
    }

    /// The limits that it runs at.
    pub(super) fn limits(&self) -> &super::Limits {
        &self.inner.host.runtime.limits
    }
}

fn refusal(refused: Refused, plugin: &str, export: Export) -> Error {
    match refused {
        Refused::Full(waiting) => Error::Busy { waiting },
        Refused::Lost => Error::Failed {
            plugin: plugin.to_owned(),
            export: export.name(),
            reason: "the call was lost in the host; its log says more".into(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
