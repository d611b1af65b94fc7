//! A loaded plugin: who it is and what it brings.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::call::Export;
use super::faults::Identity;
use super::guest::Guest;
use super::host::{Inner, Runtime};
use super::quarantine::Breaker;
use super::stats::Counters;
use super::{Stats, answer, ask};
use crate::plugin::step::Step;
use crate::plugin::{Entry, Error, FaultKind, Manifest, NodeType, PluginInfo, World, analyzer, fix};

/// A component that was compiled, checked and asked what it brings. A cheap clone.
#[derive(Clone)]
pub struct Plugin {
    pub(super) inner: Arc<Loaded>,
}

pub(super) struct Loaded {
    pub(super) host: Arc<Inner>,
    /// Its lane in the pool and its part of the memo; never used twice in one host.
    pub(super) number: u32,
    pub(super) guest: Guest,
    pub(super) info: PluginInfo,
    brings: Brings,
    digest: String,
    pub(super) counters: Counters,
    pub(super) breaker: Breaker,
}

/// A catalog.
enum Brings {
    NodeTypes(Vec<Arc<NodeType>>, Vec<Entry>),
    Steps(Vec<Arc<Step>>),
    Analyzer(Arc<analyzer::Catalog>),
    Fixes(Arc<fix::Catalog>),
}

impl Plugin {
    pub(super) async fn load(
        host: Arc<Inner>,
        number: u32,
        name: String,
        bytes: Arc<[u8]>,
    ) -> Result<Self, Error> {
        let reason = "it was lost in the host; the log says more";
        let lost = Identity::of_file(&name).uncompiled(FaultKind::Host, reason).into();
        let (guest, digest, info, brings) = host
            .run_load(number, move |runtime| {
                let digest = Sha256::digest(&bytes).into();
                let mut guest = Guest::compile(runtime, &name, &bytes, &digest)?;
                let answer = guest.call(runtime, Export::describe(guest.world()), &[])?;
                let (info, brings) = catalog(runtime, &guest, &answer)
                    .map_err(|reason| Error::Invalid { plugin: name.clone(), reason })?;
                let digest = hex(&digest);
                guest.identify(&info, &digest);
                Ok::<_, Error>((guest, digest, info, brings))
            })
            .await
            .map_err(|refused| ask::refusal(refused, lost))??;
        let counters = Counters::new(guest.world());
        let breaker = Breaker::new(Arc::clone(&host.clock));
        let inner = Loaded { host, number, guest, info, brings, digest, counters, breaker };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Who it says it is.
    pub fn info(&self) -> &PluginInfo {
        &self.inner.info
    }

    /// Its world.
    pub fn world(&self) -> World {
        self.inner.guest.world()
    }

    /// What the component says of itself, where it has a manifest.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.inner.guest.manifest()
    }

    /// The node types that it brings, in its own order; none in another world.
    pub fn node_types(&self) -> &[Arc<NodeType>] {
        match &self.inner.brings {
            Brings::NodeTypes(node_types, _) => node_types,
            _ => &[],
        }
    }

    /// The parts of it that users enable or leave out, in its own order; none in another world.
    pub fn entries(&self) -> &[Entry] {
        match &self.inner.brings {
            Brings::NodeTypes(_, entries) => entries,
            _ => &[],
        }
    }

    /// The steps that it brings, in its own order; none in another world.
    pub fn steps(&self) -> &[Arc<Step>] {
        match &self.inner.brings {
            Brings::Steps(steps) => steps,
            _ => &[],
        }
    }

    /// What it reads, of an import analyzer.
    pub fn analyzer(&self) -> Option<&Arc<analyzer::Catalog>> {
        match &self.inner.brings {
            Brings::Analyzer(catalog) => Some(catalog),
            _ => None,
        }
    }

    /// What it finds and mends, of a fix template.
    pub fn fixes(&self) -> Option<&Arc<fix::Catalog>> {
        match &self.inner.brings {
            Brings::Fixes(catalog) => Some(catalog),
            _ => None,
        }
    }

    /// SHA-256 of the component, in lower-case hex.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// What it has done since it was loaded.
    pub fn stats(&self) -> Stats {
        let Loaded { counters, info, digest, breaker, .. } = &*self.inner;
        counters.read(info, digest, breaker.state())
    }

    /// Names at the outer layer of the component: what it imports, what it exports.
    pub(super) fn interface(&self) -> (Vec<String>, Vec<String>) {
        self.inner.guest.interface()
    }

    /// The limits that it runs at.
    pub(super) fn limits(&self) -> &super::Limits {
        &self.inner.host.runtime.limits
    }
}

/// Who it is and what it brings, from what it answered when it was asked.
fn catalog(runtime: &Runtime, guest: &Guest, bytes: &[u8]) -> Result<(PluginInfo, Brings), String> {
    let limits = &runtime.limits;
    Ok(match guest.world() {
        World::NodeTypes => {
            let catalog = answer::node_types::catalog(bytes, limits)?;
            let node_types = catalog.node_types.into_iter().map(Arc::new).collect();
            (catalog.plugin, Brings::NodeTypes(node_types, catalog.entries))
        }
        World::Step => {
            let catalog = answer::step::catalog(bytes, limits, guest.manifest())?;
            (catalog.plugin, Brings::Steps(catalog.steps.into_iter().map(Arc::new).collect()))
        }
        World::ImportAnalyzer => {
            let catalog = Arc::new(answer::analyzer::catalog(bytes)?);
            (catalog.plugin.clone(), Brings::Analyzer(catalog))
        }
        World::FixTemplate => {
            let catalog = Arc::new(answer::fix::catalog(bytes)?);
            (catalog.plugin.clone(), Brings::Fixes(catalog))
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
