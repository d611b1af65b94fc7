//! How fast a backup goes.

use std::time::{Duration, Instant};

use super::Size;

/// Holds the bytes of a backup to a rate.
pub(super) struct Pace {
    rate: u64,
    since: Instant,
    pub(super) bytes: u64,
}

impl Pace {
    pub(super) fn new(rate: Size) -> Self {
        Self { rate: rate.0, since: Instant::now(), bytes: 0 }
    }

    /// Counts bytes that are done.
    pub(super) fn done(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// How long to wait before the next ones.
    pub(super) fn due(&self) -> Duration {
        if self.rate == 0 {
            return Duration::ZERO;
        }
        let due = u128::from(self.bytes) * 1_000_000 / u128::from(self.rate);
        let due = Duration::from_micros(u64::try_from(due).unwrap_or(u64::MAX));
        due.saturating_sub(self.since.elapsed())
    }
}
