//! The clock every delay goes through, so that tests can own the time.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;

/// Where the simulator takes the time from and how it waits.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// Completes when [`Clock::now`] has reached `deadline`.
    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()>;
}

/// The machine's clock and Tokio's timer.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        let wait = Duration::try_from(deadline.duration_since(Timestamp::now())).unwrap_or_default();
        tokio::time::sleep(wait).boxed()
    }
}

/// A clock that stands still until a test advances it. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    time: Arc<watch::Sender<Timestamp>>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { time: Arc::new(watch::Sender::new(start)) }
    }

    /// Moves the time forward and wakes everyone whose deadline has come.
    pub fn advance(&self, by: Duration) {
        self.time.send_modify(|now| *now = after(*now, by));
    }
}

impl Default for ManualClock {
    /// Starts at 2025-01-01T00:00:00Z.
    fn default() -> Self {
        Self::new(Timestamp::new(1_735_689_600, 0).unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.time.borrow()
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        let mut time = self.time.subscribe();
        async move {
            // An error means that the clock is gone: then nothing will ever be due.
            if time.wait_for(|now| *now >= deadline).await.is_err() {
                futures::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}

/// `at + by`, held at the end of the calendar.
pub(crate) fn after(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A timestamp as `metav1.Time` writes it: whole seconds, UTC.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A timestamp as `metav1.MicroTime` writes it.
pub(crate) fn micro_stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_only_when_due() {
        let clock = ManualClock::default();
        let mut due = clock.sleep_until(after(clock.now(), Duration::from_secs(5)));
        assert!((&mut due).now_or_never().is_none());
        clock.advance(Duration::from_secs(4));
        assert!((&mut due).now_or_never().is_none());
        clock.advance(Duration::from_secs(1));
        assert!((&mut due).now_or_never().is_some());
        assert_eq!(stamp(clock.now()), "2025-01-01T00:00:05Z");
    }
}
