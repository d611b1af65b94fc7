//! Whether a server answers at all.

use std::time::Duration;

use crate::time::Time;

/// So many requests in a row without an answer, and the server is taken for dead.
const IN_ROW: u32 = 5;
/// Or more than half of those of this time, in seconds,
const WINDOW: i64 = 20;
/// once there are so many.
const ENOUGH: u32 = 10;
/// The pauses between probes, jitter left out: the first, and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

#[derive(Default)]
pub(in crate::kube::client) struct Breaker {
    in_row: u32,
    /// One a second: the second, and how many had an answer and had none.
    seconds: Vec<(i64, u32, u32)>,
    open: Option<Open>,
    /// Counts the openings, so that each has one prober.
    opened: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    probe: Time,
    /// Probes that failed.
    failures: u32,
    reason: String,
}

impl Breaker {
    /// Which opening this is, while the server is taken for dead.
    pub(in crate::kube::client) fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|_| self.opened)
    }

    /// Why calls are not sent, and when the next probe is.
    pub(in crate::kube::client) fn refuses(&self) -> Option<(&str, Time)> {
        self.open.as_ref().map(|open| (open.reason.as_str(), open.probe))
    }

    /// There was an answer; says whether the server was taken for dead.
    pub(in crate::kube::client) fn answered(&mut self, now: Time) -> bool {
        self.in_row = 0;
        self.count(now, 1, 0);
        if self.open.take().is_none() {
            return false;
        }
        self.seconds.clear();
        true
    }

    /// There was none; says whether the server is taken for dead by this. `jitter` is at random from 0 to 1.
    pub(in crate::kube::client) fn failed(&mut self, now: Time, reason: &str, jitter: f64) -> bool {
        self.in_row += 1;
        self.count(now, 0, 1);
        let (good, bad) =
            self.seconds.iter().fold((0, 0), |sum, second| (sum.0 + second.1, sum.1 + second.2));
        let most = good + bad >= ENOUGH && bad > good;
        if self.open.is_some() || (self.in_row < IN_ROW && !most) {
            return false;
        }
        self.opened += 1;
        self.open = Some(Open { probe: now.plus(pause(0, jitter)), failures: 0, reason: reason.to_owned() });
        true
    }

    /// A probe had no answer.
    pub(in crate::kube::client) fn probed(&mut self, now: Time, reason: &str, jitter: f64) {
        if let Some(open) = &mut self.open {
            open.failures += 1;
            open.probe = now.plus(pause(open.failures, jitter));
            reason.clone_into(&mut open.reason);
        }
    }

    fn count(&mut self, now: Time, good: u32, bad: u32) {
        let second = now.as_secs();
        self.seconds.retain(|(of, ..)| (second - WINDOW + 1..=second).contains(of));
        match self.seconds.last_mut() {
            Some(last) if last.0 == second => {
                last.1 += good;
                last.2 += bad;
            }
            _ => self.seconds.push((second, good, bad)),
        }
    }
}

/// 1 s, 2 s, 4 s … 60 s, and up to half of it more, but never above the longest.
fn pause(failures: u32, jitter: f64) -> Duration {
    let base = FIRST * 2_u32.saturating_pow(failures.min(6));
    (base + base.mul_f64(jitter.clamp(0.0, 1.0) / 2.0)).min(LONGEST)
}
