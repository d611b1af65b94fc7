//! The clock of the deadlines: one thread that advances an engine's epoch while calls run.
//!
//! A thread, not a task: a starved runtime must not stop its own watchdog. It sleeps when no call has run
//! for a whole tick, so an idle process wakes up for nothing.
//!
//! Epochs count ticks that the thread was awake for, which is not the time: on a busy machine it wakes late. So an
//! epoch only makes a call look at the clock, and the clock decides. No call ends early, and none late by a drift.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wasmtime::{Engine, Store, UpdateDeadline};

use super::limits::TICK;

/// Ends its thread when dropped.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// While it lives the epoch advances.
pub(super) struct Running<'a>(&'a Shared);

/// Stops the guest of a store so long from now.
pub(super) fn deadline<T: 'static>(store: &mut Store<T>, after: Duration) {
    let start = Instant::now();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        let passed = start.elapsed() >= after;
        Ok(if passed { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("kubeorch-plugin-clock".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(&engine)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// To be held for the length of a call.
    pub(super) fn running(&self) -> Running<'_> {
        // Sequentially consistent with `run`: either that sees the count, or this sees it asleep.
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
        Running(&self.shared)
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Shared {
    fn run(&self, engine: &Engine) {
        while !self.stop.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) == 0 {
                self.asleep.store(true, Ordering::SeqCst);
                while self.running.load(Ordering::SeqCst) == 0 && !self.stop.load(Ordering::SeqCst) {
                    thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
            }
            self.wait_tick();
            engine.increment_epoch();
        }
    }

    /// A whole tick, whoever unparks meanwhile: calls that begin must not make those that run look at the clock
    /// all the time.
    fn wait_tick(&self) {
        let start = Instant::now();
        while !self.stop.load(Ordering::SeqCst) {
            let Some(left) = TICK.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { return };
            thread::park_timeout(left);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // The thread never blocks on anything but its own park, and never panics.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_the_ticker() {
        let ticker = Ticker::start(Engine::default()).unwrap();
        let shared = Arc::downgrade(&ticker.shared);
        drop(ticker.running());
        drop(ticker);
        assert!(shared.upgrade().is_none(), "the clock's thread still holds its state");
    }
}
