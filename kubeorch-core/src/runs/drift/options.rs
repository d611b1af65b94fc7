//! Limits of the watch over deployed workflows.

use std::time::Duration;

/// How deployed workflows are watched for drift.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// At most so many workflows are watched, those first that were made first; 1,000. The rest is not, and the log says so.
    pub workflows: usize,
    /// How long drift is collected before it is healed, so that one run heals what one hand changed; one second.
    pub settle: Duration,
    /// So many heals of one object against the same manager within [`window`](Self::window), and it is left to that
    /// manager until the next run that somebody starts; 3.
    pub heals: usize,
    /// Ten minutes.
    pub window: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { workflows: 1_000, settle: Duration::from_secs(1), heals: 3, window: Duration::from_mins(10) }
    }
}
