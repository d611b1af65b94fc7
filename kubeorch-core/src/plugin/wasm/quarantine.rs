//! A plugin that fails again and again is left alone for a while.
//!
//! A circuit breaker per plugin: closed at first; [`FAULTS`] faults within [`WINDOW`] open it; after a while one call is
//! let through to probe it. If that ends well the breaker closes, else it stays open twice as long as before. Its way
//! through a good call is one load of a flag, so it costs plugins that work nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::plugin::{Error, Fault};
use crate::time::{Clock, Time};

/// Faults that open the breaker.
const FAULTS: usize = 5;

/// How close together they are.
const WINDOW: Duration = Duration::from_mins(1);

/// How long it is open the first time.
const FIRST: Duration = Duration::from_secs(30);

/// How long it is open at most.
const LONGEST: Duration = Duration::from_mins(10);

/// Whether a plugin is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quarantine {
    /// It is.
    Closed,
    /// Not before that time. Then one call tries it.
    Open {
        /// When.
        until: Time,
    },
    /// One call tries it right now.
    HalfOpen,
}

pub(super) struct Breaker {
    clock: Arc<dyn Clock>,
    /// Whether there is anything to look up under the lock before a call.
    closed: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// When the last faults were, at most [`FAULTS`].
    faults: VecDeque<Time>,
    open: Option<Open>,
}

struct Open {
    until: Time,
    lasts: Duration,
    probing: bool,
}

impl Open {
    fn left(&self, clock: &dyn Clock) -> Duration {
        self.until.since(clock.now())
    }
}

impl Inner {
    fn refusal(&self, plugin: &str, open: &Open, clock: &dyn Clock) -> Error {
        let faults = u32::try_from(self.faults.len()).unwrap_or(u32::MAX);
        // While somebody probes nobody knows the next time; a second is soon enough to ask again.
        let retry_after = open.left(clock).max(Duration::from_secs(1));
        Error::Quarantined { plugin: plugin.to_owned(), faults, retry_after }
    }
}

/// Leave to make one call; its end is told to [`Permit::end`].
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, closed: AtomicBool::new(true), inner: Mutex::default() }
    }

    /// Before a call is queued: whether it would be refused now. Takes nothing; [`enter`](Self::enter) decides.
    pub(super) fn check(&self, plugin: &str) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Ok(());
        }
        let inner = self.inner.lock();
        match &inner.open {
            Some(open) if open.probing || !open.left(&*self.clock).is_zero() => {
                Err(inner.refusal(plugin, open, &*self.clock))
            }
            _ => Ok(()),
        }
    }

    /// Before a call into a plugin.
    pub(super) fn enter(&self, plugin: &str) -> Result<Permit<'_>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Ok(Permit { breaker: self, probe: false });
        }
        let mut inner = self.inner.lock();
        let Some(open) = &mut inner.open else { return Ok(Permit { breaker: self, probe: false }) };
        if !open.probing && open.left(&*self.clock).is_zero() {
            open.probing = true;
            return Ok(Permit { breaker: self, probe: true });
        }
        match &inner.open {
            Some(open) => Err(inner.refusal(plugin, open, &*self.clock)),
            None => Ok(Permit { breaker: self, probe: false }),
        }
    }

    pub(super) fn state(&self) -> Quarantine {
        match &self.inner.lock().open {
            None => Quarantine::Closed,
            Some(Open { probing: true, .. }) => Quarantine::HalfOpen,
            Some(Open { until, .. }) => Quarantine::Open { until: *until },
        }
    }

    fn fault(&self, fault: &Fault, probe: bool) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        if inner.faults.len() == FAULTS {
            inner.faults.pop_front();
        }
        inner.faults.push_back(now);
        let lasts = match &inner.open {
            Some(open) if probe => open.lasts.saturating_mul(2).min(LONGEST),
            // Began before it opened; what it says is known.
            Some(_) => return,
            None => FIRST,
        };
        let dense = inner.faults.len() == FAULTS
            && inner.faults.front().is_some_and(|first| now.since(*first) <= WINDOW);
        if probe || dense {
            inner.open = Some(Open { until: now.plus(lasts), lasts, probing: false });
            self.closed.store(false, Ordering::Release);
            let (plugin, seconds) = (&fault.plugin, lasts.as_secs());
            tracing::warn!(plugin, seconds, last = %fault, "a plugin keeps failing and is left alone");
        }
    }

    fn close(&self) {
        let mut inner = self.inner.lock();
        inner.open = None;
        inner.faults.clear();
        self.closed.store(true, Ordering::Release);
    }
}

impl Permit<'_> {
    /// After the call. An end that says nothing of the plugin leaves a probe to the next call.
    pub(super) fn end<T>(self, result: Result<&T, &Error>) {
        match result {
            Ok(_) if self.probe => self.breaker.close(),
            Err(Error::Fault(fault)) if fault.kind.blames_plugin() => {
                self.breaker.fault(fault, self.probe);
            }
            _ => {}
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(open) = &mut self.breaker.inner.lock().open
        {
            open.probing = false;
        }
    }
}
