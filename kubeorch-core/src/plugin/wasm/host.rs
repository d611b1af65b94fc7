//! The engine, the threads and the memo that all plugins share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wasmtime::Engine;

use super::cache::{Cache, CacheOptions};
use super::compile::{Code, Compilations, Compiler};
use super::engine;
use super::memo::Memo;
use super::pool::{Pool, Refused};
use super::ticker::Ticker;
use super::{Limits, Plugin};
use crate::plugin::Error;
use crate::time::{Clock, SystemClock};

/// Runs plugins. A cheap clone; the threads end with the last clone and the last [`Plugin`].
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) runtime: Arc<Runtime>,
    pub(super) memo: Memo,
    /// Of the quarantines; deadlines go by the machine's own.
    pub(super) clock: Arc<dyn Clock>,
    /// Import jobs that are open.
    pub(super) jobs: Arc<AtomicU32>,
    pool: Pool,
    /// Apart from the calls: a compilation takes as long as a thousand of them.
    loaders: Pool,
    next: AtomicU32,
}

/// What a running call needs; it outlives the host where a call is still running.
pub(super) struct Runtime {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    pub(super) ticker: Ticker,
    pub(super) code: Code,
}

impl Host {
    /// Starts the sandbox: two threads per worker, one for calls and one for loading, and one for the deadlines.
    /// Fails with [`Error::Host`] where the system refuses threads, or the limits are beyond what wasmtime takes.
    ///
    /// Components are compiled in this process whenever they are loaded.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::with_compiler(limits, Compiler::InProcess, None)
    }

    /// Like [`new`](Self::new), with a clock that says when a plugin in quarantine is tried again.
    pub fn with_clock(limits: Limits, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let (engine, allocation) = engine::start(&limits)?;
        let code = Code::new(&engine, allocation, &limits, Compiler::InProcess, None);
        Self::on(engine, limits, code, clock)
    }

    /// Like [`new`](Self::new), and keeps compiled code on disk, so that a component is compiled once. Where the
    /// folder cannot be used, a warning in the log says so and the host works without it.
    pub fn with_cache(limits: Limits, cache: CacheOptions) -> Result<Self, Error> {
        Self::with_compiler(limits, Compiler::InProcess, Some(cache))
    }

    /// Like [`new`](Self::new), and says where components are compiled and where their code is kept.
    pub fn with_compiler(
        limits: Limits,
        compiler: Compiler,
        cache: Option<CacheOptions>,
    ) -> Result<Self, Error> {
        let (engine, allocation) = engine::start(&limits)?;
        let cache = cache.and_then(Cache::open);
        let code = Code::new(&engine, allocation, &limits, compiler, cache);
        Self::on(engine, limits, code, Arc::new(SystemClock))
    }

    /// What became of the components that it was given.
    pub fn compilations(&self) -> Compilations {
        self.inner.runtime.code.compilations()
    }

    /// Without the pooling allocator, as on a system that reserves no address space.
    #[cfg(test)]
    pub(super) fn on_demand(limits: Limits) -> Result<Self, Error> {
        let engine = engine::build(&limits, engine::Allocation::OnDemand)
            .map_err(|error| Error::Host(format!("{error:#}")))?;
        let code = Code::new(&engine, engine::Allocation::OnDemand, &limits, Compiler::InProcess, None);
        Self::on(engine, limits, code, Arc::new(SystemClock))
    }

    fn on(engine: Engine, limits: Limits, code: Code, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let threads = |error: std::io::Error| Error::Host(format!("no thread: {error}"));
        let ticker = Ticker::start(engine.clone()).map_err(threads)?;
        let start = |name| Pool::start(name, limits.workers, limits.queue, limits.stack).map_err(threads);
        let (pool, loaders) = (start("plugin")?, start("plugin-load")?);
        let memo = Memo::new(limits.memo);
        let runtime = Arc::new(Runtime { engine, limits, ticker, code });
        let (jobs, next) = (Arc::default(), AtomicU32::new(0));
        Ok(Self { inner: Arc::new(Inner { runtime, memo, clock, jobs, pool, loaders, next }) })
    }

    /// The bounds it works within.
    pub fn limits(&self) -> &Limits {
        &self.inner.runtime.limits
    }

    /// Compiles a component, checks it and asks it what it brings. `name` is what errors call it until
    /// its own id is known, a file name for instance.
    pub async fn load(&self, name: &str, bytes: impl Into<Arc<[u8]>>) -> Result<Plugin, Error> {
        let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
        Plugin::load(Arc::clone(&self.inner), number, name.to_owned(), bytes.into()).await
    }
}

impl Inner {
    /// Runs blocking work on a worker.
    pub(super) async fn run<T, F>(&self, lane: u32, work: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&Runtime) -> T + Send + 'static,
    {
        let runtime = Arc::clone(&self.runtime);
        self.pool.run(lane, move || work(&runtime)).await
    }

    /// Runs the loading of a component, which no call waits for.
    pub(super) async fn run_load<T, F>(&self, lane: u32, work: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&Runtime) -> T + Send + 'static,
    {
        let runtime = Arc::clone(&self.runtime);
        self.loaders.run(lane, move || work(&runtime)).await
    }
}
