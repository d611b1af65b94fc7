//! How a cluster is doing, as seen by the calls to it.

use crate::time::Time;

/// Whether an API server answers. An answer that says no is an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Health {
    /// There was no call yet.
    #[default]
    Unknown,
    /// It answers.
    Up {
        /// Since when.
        since: Time,
    },
    /// It does not. Calls fail without being sent until a probe is answered.
    Down {
        /// Since when.
        since: Time,
        /// When it is probed next.
        retry_at: Time,
        /// What the last call met.
        reason: String,
    },
}

/// What became of the requests to one cluster since the connection was made, and what is going on now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests sent, watches and probes included.
    pub calls: u64,
    /// Of these, repetitions of a request that had failed.
    pub retries: u64,
    /// Answers that asked for fewer requests (429).
    pub throttled: u64,
    /// Requests without an answer.
    pub failed: u64,
    /// How often the cluster was taken for dead.
    pub opened: u64,
    /// Calls that failed without a request, because the cluster was taken for dead, had asked for a pause, or too
    /// many calls waited.
    pub refused: u64,
    /// Requests without an answer yet, watches left out.
    pub in_flight: u64,
    /// Calls that wait for their turn.
    pub waiting: u64,
    /// How many requests may be in flight now.
    pub limit: u64,
}
