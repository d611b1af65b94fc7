//! How many requests a server can take at once, found by trying (additive increase, multiplicative decrease).

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;

/// Where a connection begins.
const FIRST: usize = 8;
/// Above this many, an API server's own queues only grow (its default is 400 reads and 200 writes for everybody).
const MOST: usize = 64;
/// One more at most this often.
const STEP: Duration = Duration::from_secs(1);
/// The server is overloaded when more than one in a hundred answers takes longer.
const SLOW: Duration = Duration::from_secs(2);
/// So many of the last answers are looked at.
const SAMPLES: usize = 100;
/// Fewer say nothing about one in a hundred; a single slow answer never does.
const ENOUGH: usize = 20;

pub(super) struct Limit {
    current: usize,
    /// Counts the cuts. Requests sent before a cut meet the load from before it and do not cut again.
    era: u64,
    changed: Time,
    /// Whether each of the last answers was slow.
    slow: VecDeque<bool>,
}

impl Limit {
    pub(super) fn new(now: Time) -> Self {
        Self { current: FIRST, era: 0, changed: now, slow: VecDeque::with_capacity(SAMPLES) }
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// What a request has to show with its answer.
    pub(super) fn era(&self) -> u64 {
        self.era
    }

    /// An answer other than 429. `full` says whether the limit was what held calls back.
    pub(super) fn answered(&mut self, now: Time, took: Duration, era: u64, full: bool) {
        if self.slow.len() == SAMPLES {
            self.slow.pop_front();
        }
        self.slow.push_back(took > SLOW);
        let slow = self.slow.iter().filter(|slow| **slow).count();
        if self.slow.len() >= ENOUGH && slow > 1 && slow * 100 > self.slow.len() {
            self.cut(now, era);
        } else if full && now.since(self.changed) >= STEP && self.current < MOST {
            self.current += 1;
            self.changed = now;
        }
    }

    /// A 429.
    pub(super) fn throttled(&mut self, now: Time, era: u64) {
        // Also puts off the next increase.
        self.changed = now;
        self.cut(now, era);
    }

    fn cut(&mut self, now: Time, era: u64) {
        if era == self.era {
            self.current = (self.current / 2).max(1);
            self.era += 1;
            self.changed = now;
            self.slow.clear();
        }
    }
}
