//! What each plugin has done: the numbers behind metrics.
//!
//! Everything is bounded by the code: a plugin has at most five exports, eight sorts of faults, ten buckets of time. So
//! labels made of it stay few, whatever a plugin does.

mod histogram;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use histogram::Histogram;
use histogram::Timer;

use super::Quarantine;
use super::call::Export;
use crate::plugin::{Error, FaultKind, PluginInfo, World};

/// A plugin's numbers since it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Who it is.
    pub plugin: PluginInfo,
    /// SHA-256 of the component.
    pub digest: String,
    /// Its world.
    pub world: World,
    /// Whether it is called now.
    pub quarantine: Quarantine,
    /// Calls that failed since the last good one, rejections not counted.
    pub failing: u64,
    /// Each function of its world, in the world's order.
    pub exports: Vec<ExportStats>,
}

/// The numbers of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportStats {
    /// Its name in the interface.
    pub export: &'static str,
    /// Answers from the memo, which are not calls.
    pub hits: u64,
    /// Calls that ended in a fault, by its sort; sorts that never came are left out.
    pub faults: Vec<(FaultKind, u64)>,
    /// How long calls took, failed ones too, decoding included, waiting not. Its count is the number of calls.
    pub time: Histogram,
}

impl Stats {
    /// Calls into it, failed ones too; answers from the memo are not calls.
    pub fn calls(&self) -> u64 {
        self.exports.iter().map(|export| export.time.count).sum()
    }

    /// Answers from the memo.
    pub fn hits(&self) -> u64 {
        self.exports.iter().map(|export| export.hits).sum()
    }

    /// Calls that ended in a fault.
    pub fn faults(&self) -> u64 {
        self.exports.iter().flat_map(|export| &export.faults).map(|(_, count)| count).sum()
    }

    /// Time inside calls.
    pub fn time(&self) -> Duration {
        self.exports.iter().map(|export| export.time.sum).sum()
    }
}

/// Counters of a plugin, one set for each export of its world.
pub(super) struct Counters {
    world: World,
    exports: Vec<Counter>,
    failing: AtomicU64,
}

#[derive(Default)]
struct Counter {
    hits: AtomicU64,
    faults: [AtomicU64; FaultKind::ALL.len()],
    time: Timer,
}

impl Counters {
    pub(super) fn new(world: World) -> Self {
        let exports = Export::of(world).iter().map(|_| Counter::default()).collect();
        Self { world, exports, failing: AtomicU64::new(0) }
    }

    /// A call that was made. Refusals before it are no calls.
    pub(super) fn call(&self, export: Export, time: Duration, error: Option<&Error>) {
        let Some(counter) = self.exports.get(export.place()) else { return };
        counter.time.record(time);
        let Some(fault) = error.and_then(Error::fault) else {
            self.failing.store(0, Ordering::Relaxed);
            return;
        };
        if let Some(count) = counter.faults.get(fault.kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if fault.kind.blames_plugin() {
            self.failing.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn hit(&self, export: Export) {
        if let Some(counter) = self.exports.get(export.place()) {
            counter.hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self, plugin: &PluginInfo, digest: &str, quarantine: Quarantine) -> Stats {
        let exports = Export::of(self.world).iter().zip(&self.exports);
        Stats {
            plugin: plugin.clone(),
            digest: digest.to_owned(),
            world: self.world,
            quarantine,
            failing: self.failing.load(Ordering::Relaxed),
            exports: exports.map(|(export, counter)| counter.read(export.name())).collect(),
        }
    }
}

impl Counter {
    fn read(&self, export: &'static str) -> ExportStats {
        let faults = FaultKind::ALL.into_iter().zip(&self.faults);
        ExportStats {
            export,
            hits: self.hits.load(Ordering::Relaxed),
            faults: faults
                .map(|(kind, count)| (kind, count.load(Ordering::Relaxed)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            time: self.time.read(),
        }
    }
}
