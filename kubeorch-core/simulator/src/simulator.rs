//! The handle, and the engine that runs the controllers.

use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::access;
use crate::builder::{Builder, Config};
use crate::controllers;
use crate::core::Core;
use crate::faults::{Fault, Script, Tally};
use crate::service::Service;

/// Work done under one lock before requests get a turn.
const TURN: usize = 64;

/// What handles, services and watches share.
pub(crate) struct Shared {
    pub(crate) core: Mutex<Core>,
    pub(crate) config: Arc<Config>,
    pub(crate) faults: Script,
    bell: Arc<Notify>,
    started: std::sync::Once,
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The engine holds no strong reference: it wakes up, finds nobody and ends.
        self.bell.notify_one();
    }
}

/// A simulated cluster. Clones are the same cluster; it ends with the last clone, service and watch.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Simulator").field("version", &self.shared.config.version).finish_non_exhaustive()
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Simulator {
    /// Begins setting one up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(config: Config, faults: Vec<Fault>) -> Self {
        let config = Arc::new(config);
        let mut core = Core::new(Arc::clone(&config));
        controllers::seed(&mut core);
        access::seed(&mut core);
        let bell = core.queue.bell();
        let shared = Shared {
            core: Mutex::new(core),
            config,
            faults: Script::new(faults),
            bell,
            started: std::sync::Once::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The API server as a Tower service, for `kube::Client::new(simulator.service(), "default")` or
    /// any HTTP server.
    pub fn service(&self) -> Service {
        Service::new(Arc::clone(&self.shared))
    }

    /// Replaces the fault script.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.faults.set(faults.into_iter().collect());
    }

    /// How often each rule of the script came into play, in the order of the rules.
    pub fn tallies(&self) -> Vec<Tally> {
        self.shared.faults.tallies()
    }

    /// Runs everything that is due now, on this thread, and returns when nothing is left to do until
    /// the clock moves. With a manual clock a test alternates between this and advancing the clock;
    /// no engine has to run.
    pub fn settle(&self) {
        while controllers::step(&mut self.shared.core.lock()) {}
    }

    /// When the controllers next have something to do; `None` when only a request will make work.
    pub fn next_timer(&self) -> Option<jiff::Timestamp> {
        self.shared.core.lock().queue.deadline()
    }
}

impl Shared {
    /// Starts the engine on the present runtime, once.
    pub(crate) fn start(self: &Arc<Self>) {
        self.started.call_once(|| {
            tokio::spawn(engine(Arc::downgrade(self), Arc::clone(&self.bell), Arc::clone(&self.config)));
        });
    }
}

/// Runs controllers whenever there is work, until the simulator is gone.
async fn engine(shared: Weak<Shared>, bell: Arc<Notify>, config: Arc<Config>) {
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let (busy, deadline) = {
            let mut core = shared.core.lock();
            let mut left = TURN;
            while left > 0 && controllers::step(&mut core) {
                left -= 1;
            }
            (left == 0, core.queue.deadline())
        };
        drop(shared);
        if busy {
            tokio::task::yield_now().await;
            continue;
        }
        match deadline {
            Some(deadline) => tokio::select! {
                () = bell.notified() => {}
                () = config.clock.sleep_until(deadline) => {}
            },
            None => bell.notified().await,
        }
    }
}
