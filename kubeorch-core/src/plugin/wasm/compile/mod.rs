//! From a component's bytes to code: out of the cache, or checked, compiled and kept.

mod artefact;
mod child;
mod compiler;
mod worker;

use std::hash::{Hash as _, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

pub(super) use artefact::{Artefact, Seal, TAG};
pub use child::ChildCompiler;
pub use compiler::Compiler;
pub use worker::compile_plugin;

use super::answer::excerpt;
use super::cache::{Cache, Found, Name};
use super::engine::Allocation;
use super::{Limits, scan};

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The component is not valid, or out of bounds.
    Invalid(String),
    /// The compilation took more than it may: `cpu`, `memory` or `time`.
    Limit(&'static str),
    /// The compiler died of something else, twice.
    Lost(String),
}

/// What became of the components that a host was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compilations {
    /// Compiled, for want of a cache or of an entry.
    pub compiled: u64,
    /// Taken from the cache.
    pub cached: u64,
    /// Entries that were damaged, forged or of another engine; they were compiled again.
    pub damaged: u64,
}

/// Compiles for one engine.
pub(super) struct Code {
    cache: Option<Cache>,
    compiler: Compiler,
    allocation: Allocation,
    /// All besides the component that compiled code depends on.
    environment: [u8; 32],
    compiled: AtomicU64,
    cached: AtomicU64,
    damaged: AtomicU64,
}

impl Code {
    pub(super) fn new(
        engine: &Engine,
        allocation: Allocation,
        limits: &Limits,
        compiler: Compiler,
        cache: Option<Cache>,
    ) -> Self {
        Self {
            cache,
            compiler,
            allocation,
            environment: environment(engine, limits),
            compiled: AtomicU64::new(0),
            cached: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
        }
    }

    /// The component, ready to be linked. Blocks: for milliseconds out of the cache, for as long as a
    /// compilation takes otherwise.
    pub(super) fn component(
        &self,
        engine: &Engine,
        limits: &Limits,
        digest: &[u8; 32],
        bytes: &[u8],
    ) -> Result<Component, Failure> {
        let name = Name { component: *digest, environment: self.environment };
        if let Some(component) = self.kept(engine, &name) {
            self.cached.fetch_add(1, Ordering::Relaxed);
            return Ok(component);
        }
        scan::check(bytes, limits).map_err(Failure::Invalid)?;
        let artefact = self.compiler.compile(engine, limits, self.allocation, digest, bytes)?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        let component = artefact.revive(engine).map_err(|error| Failure::Invalid(text(&error)))?;
        if let Some(cache) = &self.cache {
            cache.put(&name, &artefact);
        }
        Ok(component)
    }

    fn kept(&self, engine: &Engine, name: &Name) -> Option<Component> {
        let component = match self.cache.as_ref()?.get(name) {
            Found::Artefact(artefact) => artefact.revive(engine).ok(),
            Found::Damaged => None,
            Found::Nothing => return None,
        };
        if component.is_none() {
            self.damaged.fetch_add(1, Ordering::Relaxed);
        }
        component
    }

    pub(super) fn compilations(&self) -> Compilations {
        Compilations {
            compiled: self.compiled.load(Ordering::Relaxed),
            cached: self.cached.load(Ordering::Relaxed),
            damaged: self.damaged.load(Ordering::Relaxed),
        }
    }
}

/// wasmtime's version, target and settings as it hashes them itself, and the bounds of the scan, so that code is
/// found only where its component would be compiled again.
fn environment(engine: &Engine, limits: &Limits) -> [u8; 32] {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut feed = Feed(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut feed);
    feed.0.update(scan::fingerprint(limits));
    feed.0.finalize().into()
}

fn text(error: &wasmtime::Error) -> String {
    excerpt(&format!("{error:#}"))
}
