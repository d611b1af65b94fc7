//! What each plugin has done: the numbers behind metrics, and later behind quarantine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::plugin::{Error, PluginInfo};

/// A plugin's numbers since it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Who it is.
    pub plugin: PluginInfo,
    /// SHA-256 of the component.
    pub digest: String,
    /// Calls into it, failed ones too; answers from the memo are not calls.
    pub calls: u64,
    /// Calls that trapped, or whose answer the contract does not allow.
    pub failures: u64,
    /// Calls that passed a limit.
    pub limits: u64,
    /// Failed calls of either sort since the last good one.
    pub failing: u64,
    /// Answers from the memo.
    pub hits: u64,
    /// Time inside calls, decoding included, waiting not.
    pub time: Duration,
}

#[derive(Default)]
pub(super) struct Counters {
    calls: AtomicU64,
    failures: AtomicU64,
    limits: AtomicU64,
    failing: AtomicU64,
    hits: AtomicU64,
    nanos: AtomicU64,
}

impl Counters {
    pub(super) fn call(&self, time: Duration, error: Option<&Error>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        match error {
            None => self.failing.store(0, Ordering::Relaxed),
            Some(error) => {
                let sort = if matches!(error, Error::Limit { .. }) { &self.limits } else { &self.failures };
                sort.fetch_add(1, Ordering::Relaxed);
                self.failing.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, plugin: &PluginInfo, digest: &str) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            plugin: plugin.clone(),
            digest: digest.to_owned(),
            calls: read(&self.calls),
            failures: read(&self.failures),
            limits: read(&self.limits),
            failing: read(&self.failing),
            hits: read(&self.hits),
            time: Duration::from_nanos(read(&self.nanos)),
        }
    }
}
