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

    /// How long to wait now that more bytes are done.
    pub(super) fn wait(&mut self, bytes: u64) -> Duration {
        self.bytes += bytes;
        if self.rate == 0 {
            return Duration::ZERO;
        }
        let due = Duration::from_micros(self.bytes.saturating_mul(1_000_000) / self.rate);
        due.saturating_sub(self.since.elapsed())
    }
}
