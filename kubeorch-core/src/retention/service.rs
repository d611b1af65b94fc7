//! When sweeps run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use super::sweep::{Memory, Sweep};
use super::{Error, Policy, Report};
use crate::actor::{Action, Actor, Subject, allow};
use crate::engine::{Host, Tasks};
use crate::workflows;

/// After the start: recovery and the first clients come first.
const FIRST: Duration = Duration::from_mins(5);

/// Between sweeps. What they find is a small part of a day's work then.
const EVERY: Duration = Duration::from_hours(1);

/// Removes what the policy no longer keeps. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    host: Host,
    policy: Policy,
    stop: watch::Receiver<bool>,
    /// One sweep at a time.
    memory: Mutex<Memory>,
}

impl Service {
    pub(crate) fn new(host: Host, policy: Policy, tasks: &Tasks) -> Self {
        let inner = Inner { host, policy, stop: tasks.stopped(), memory: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// How much is kept.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Sweeps now; for admins. Waits for a sweep that is under way, then does its own. Ends early, with what it
    /// did until then, when the engine stops.
    pub async fn sweep(&self, actor: &Actor) -> Result<Report, crate::Error> {
        let allowed = allow(actor, Action::Write, Subject::Server).map_err(workflows::Error::from);
        allowed.map_err(Error::from)?;
        let mut report = Report::default();
        self.run(&mut report).await?;
        Ok(report)
    }

    /// Sweeps in the background until the engine stops or is dropped.
    pub(crate) fn start(&self, tasks: &Tasks) {
        if self.inner.policy == Policy::forever() {
            return;
        }
        // Not the service: an engine that is dropped must not stay for the next sweep.
        let inner = Arc::downgrade(&self.inner);
        let (clock, mut stop) = (Arc::clone(&self.inner.host.clock), self.inner.stop.clone());
        tasks.spawn(async move {
            let mut wait = FIRST;
            loop {
                tokio::select! {
                    () = clock.sleep(wait) => wait = EVERY,
                    _ = stop.wait_for(|stop| *stop) => return,
                }
                let Some(inner) = inner.upgrade() else { return };
                Self { inner }.in_background().await;
            }
        });
    }

    async fn in_background(&self) {
        let mut report = Report::default();
        let done = self.run(&mut report).await;
        let Report { versions, runs, log_lines, events } = report;
        match done {
            Err(error) => {
                tracing::warn!(%error, versions, runs, log_lines, events, "retention ended early; it goes on in an hour");
            }
            Ok(()) if report.is_empty() => tracing::debug!("retention found nothing to remove"),
            Ok(()) => tracing::info!(versions, runs, log_lines, events, "retention removed what was old"),
        }
    }

    async fn run(&self, report: &mut Report) -> Result<(), Error> {
        let Inner { host, policy, stop, memory } = &*self.inner;
        let mut memory = memory.lock().await;
        let sweep = Sweep { host, policy, stop, now: host.clock.now(), report };
        sweep.run(&mut memory).await
    }
}
