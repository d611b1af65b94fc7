//! The engine, the threads and the memo that all plugins share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wasmtime::Engine;

use super::engine;
use super::memo::Memo;
use super::pool::{Pool, Refused};
use super::ticker::Ticker;
use super::{Limits, Plugin};
use crate::plugin::Error;

/// Runs plugins. A cheap clone; the threads end with the last clone and the last [`Plugin`].
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) runtime: Arc<Runtime>,
    pub(super) memo: Memo,
    pool: Pool,
    next: AtomicU32,
}

/// What a running call needs; it outlives the host where a call is still running.
pub(super) struct Runtime {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    pub(super) ticker: Ticker,
}

impl Host {
    /// Starts the sandbox: one thread per worker and one for the deadlines. Fails with [`Error::Host`] where
    /// the system refuses threads, or the limits are beyond what wasmtime takes.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        let (engine, _) = engine::start(&limits)?;
        Self::on(engine, limits)
    }

    /// Without the pooling allocator, as on a system that reserves no address space.
    #[cfg(test)]
    pub(super) fn on_demand(limits: Limits) -> Result<Self, Error> {
        let engine = engine::build(&limits, engine::Allocation::OnDemand)
            .map_err(|error| Error::Host(format!("{error:#}")))?;
        Self::on(engine, limits)
    }

    fn on(engine: Engine, limits: Limits) -> Result<Self, Error> {
        let threads = |error: std::io::Error| Error::Host(format!("no thread: {error}"));
        let ticker = Ticker::start(engine.clone()).map_err(threads)?;
        let pool = Pool::start(limits.workers, limits.queue, limits.stack).map_err(threads)?;
        let memo = Memo::new(limits.memo);
        let runtime = Arc::new(Runtime { engine, limits, ticker });
        Ok(Self { inner: Arc::new(Inner { runtime, memo, pool, next: AtomicU32::new(0) }) })
    }

    /// The bounds it works within.
    pub fn limits(&self) -> &Limits {
        &self.inner.runtime.limits
    }

    /// Compiles a component, checks it and asks it for its node types. `name` is what errors call it until
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
}
