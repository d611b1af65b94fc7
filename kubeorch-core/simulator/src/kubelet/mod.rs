//! The life of a pod on its node: volumes, images, containers, probes, restarts, the end.

mod container;
mod events;
mod lifecycle;
mod logs;
mod needs;
mod status;

use std::collections::{BTreeSet, HashMap, HashSet};

pub(crate) use container::{Container, State};
pub(crate) use lifecycle::reconcile;
pub(crate) use logs::{Log, LogOptions, log};

/// What nodes know about pods beyond the API objects.
#[derive(Debug, Default)]
pub(crate) struct Runtimes {
    /// By pod uid.
    pub(crate) running: HashMap<String, Runtime>,
    /// Pods that wait for a config map, secret or claim.
    pub(crate) waiting: BTreeSet<(String, String)>,
    /// Pods no node fits.
    pub(crate) unscheduled: BTreeSet<(String, String)>,
    /// Uids of claims a volume is being made for.
    pub(crate) provisioning: HashSet<String>,
    /// Node and image of every image pulled.
    images: HashSet<(String, String)>,
}

/// One pod on its node.
#[derive(Debug, Default)]
pub(crate) struct Runtime {
    /// Init containers first, in order.
    pub(crate) containers: Vec<Container>,
    /// How many of them are init containers.
    init: usize,
    /// When a terminating pod is gone.
    stops: Option<jiff::Timestamp>,
    mounted: bool,
    address: String,
    started: String,
}

impl Runtime {
    /// The containers that are no init containers.
    pub(crate) fn main(&self) -> &[Container] {
        self.containers.get(self.init..).unwrap_or_default()
    }

    /// Whether a container runs now.
    pub(crate) fn runs(&self, container: &str) -> bool {
        self.containers.iter().any(|one| one.name == container && matches!(one.state, State::Running { .. }))
    }
}
