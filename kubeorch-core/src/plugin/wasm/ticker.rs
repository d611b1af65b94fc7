//! The clock of the deadlines: one thread that advances an engine's epoch while calls run.
//!
//! A thread, not a task: a starved runtime must not stop its own watchdog. It sleeps when no call has run
//! for a whole tick, so an idle process wakes up for nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use wasmtime::Engine;

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

    /// A whole tick, whoever unparks meanwhile; an early one would cut a deadline short.
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
