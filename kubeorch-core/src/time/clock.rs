//! The clock that everything reads and waits on.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Time;

/// Where the time comes from, and how to wait for it.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Time;

    /// Waits until `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock; waiting needs a tokio runtime with its timer on.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Time::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that a test moves by hand.
pub struct ManualClock {
    state: Mutex<Manual>,
}

struct Manual {
    now: Time,
    next: u64,
    waiting: BTreeMap<(Time, u64), oneshot::Sender<()>>,
}

impl ManualClock {
    /// Starts at a Unix time in milliseconds.
    pub fn at_millis(millis: i64) -> Self {
        Self {
            state: Mutex::new(Manual { now: Time::from_millis(millis), next: 0, waiting: BTreeMap::new() }),
        }
    }

    /// Moves the clock and wakes every sleeper whose time has come, earliest first.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state.lock();
        state.now = state.now.plus(duration);
        let later = (state.now, u64::MAX);
        let rest = state.waiting.split_off(&later);
        for (_, wake) in std::mem::replace(&mut state.waiting, rest) {
            // A sleeper that was dropped has nobody left to wake.
            let _ = wake.send(());
        }
    }

    /// How many sleepers wait now.
    pub fn sleepers(&self) -> usize {
        self.state.lock().waiting.len()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Time {
        self.state.lock().now
    }

    async fn sleep(&self, duration: Duration) {
        let woken = {
            let mut state = self.state.lock();
            let key = (state.now.plus(duration), state.next);
            state.next += 1;
            let (wake, woken) = oneshot::channel();
            state.waiting.insert(key, wake);
            woken
        };
        if woken.await.is_err() {
            // The clock is gone: time never comes.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn sleepers_wake_when_their_time_has_come() {
        let clock = Arc::new(ManualClock::at_millis(0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(2)).await }
        });
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.sleepers(), 1);
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now().as_millis(), 2000);
    }
}
