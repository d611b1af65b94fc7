//! Setting a simulator up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::access::User;
use crate::behaviour::{Behaviour, Timing};
use crate::clock::{Clock, SystemClock};
use crate::faults::Fault;
use crate::simulator::Simulator;

/// The bounds of a simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body; the API server's own limit is 3 MiB.
    pub body: usize,
    /// Objects over all resources.
    pub objects: usize,
    /// Changes kept per resource for watches to catch up with; older ones answer 410.
    pub history: usize,
    /// Events kept; the oldest go first.
    pub events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 3 * 1024 * 1024, objects: 100_000, history: 4096, events: 5000 }
    }
}

/// What a simulator was set up with.
pub(crate) struct Config {
    pub(crate) nodes: usize,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) version: String,
    pub(crate) timing: Timing,
    pub(crate) behaviours: Vec<Behaviour>,
    pub(crate) limits: Limits,
    pub(crate) latency: Duration,
    pub(crate) seed: u64,
    pub(crate) users: Vec<User>,
}

/// Sets up a [`Simulator`]; see [`Simulator::builder`].
#[must_use]
pub struct Builder {
    nodes: usize,
    clock: Arc<dyn Clock>,
    version: String,
    timing: Timing,
    behaviours: Vec<Behaviour>,
    limits: Limits,
    latency: Duration,
    seed: Option<u64>,
    faults: Vec<Fault>,
    users: Vec<User>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Builder")
            .field("nodes", &self.nodes)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            nodes: 1,
            clock: Arc::new(SystemClock),
            version: "v1.33.5".to_owned(),
            timing: Timing::default(),
            behaviours: Vec::new(),
            limits: Limits::default(),
            latency: Duration::ZERO,
            seed: None,
            faults: Vec::new(),
            users: Vec::new(),
        }
    }
}

impl Builder {
    /// How many nodes run pods; each has 8 CPUs, 32 GiB and room for 110 pods. One by default.
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Where the time comes from; the machine's clock by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The version the server reports, `v1.33.5` by default.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How long pods take for the steps of their lives.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Adds a rule about an image; rules added come before [`Behaviour::standard`].
    pub fn behaviour(mut self, rule: Behaviour) -> Self {
        self.behaviours.push(rule);
        self
    }

    /// The bounds.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long every answer takes, none by default.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Makes uids and generated names the same in every run. Without it they follow the clock.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The fault script the simulator begins with.
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// Adds somebody with a token, who may do what RBAC says. Once there are users, tokens nobody has
    /// are answered with 401; requests without a token stay the administrator's.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// The simulator. Its controllers start with the first request, on the runtime that made it.
    pub fn build(self) -> Simulator {
        let now = self.clock.now().as_nanosecond();
        let mut behaviours = self.behaviours;
        behaviours.extend(Behaviour::standard());
        let config = Config {
            nodes: self.nodes,
            version: self.version,
            timing: self.timing,
            behaviours,
            limits: self.limits,
            latency: self.latency,
            // Any 64 bits do; the low ones differ most from run to run.
            seed: self.seed.unwrap_or_else(|| {
                now.to_le_bytes()[..8].iter().fold(0, |all, byte| all << 8 | u64::from(*byte))
            }),
            clock: self.clock,
            users: self.users,
        };
        Simulator::new(config, self.faults)
    }
}
