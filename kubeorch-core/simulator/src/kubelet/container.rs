//! The states one container goes through.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::behaviour::Outcome;

/// One container of a pod.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(super) outcome: Outcome,
    pub(crate) state: State,
    pub(super) restarts: u32,
    /// How often the image could not be pulled.
    pub(super) pulls: u32,
    pub(super) last: Option<End>,
    pub(super) id: String,
}

/// Where a container is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Not begun: waits for init containers or volumes.
    New,
    Pulling {
        until: Timestamp,
    },
    /// The image can't be pulled; tried again at `until`.
    NoImage {
        until: Timestamp,
        first: bool,
    },
    /// Config maps or secrets are missing.
    NoConfig {
        why: String,
    },
    Starting {
        until: Timestamp,
    },
    Running {
        since: Timestamp,
    },
    /// Ended, and starts again at `until`.
    Backoff {
        until: Timestamp,
    },
    Ended(End),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) code: i32,
    pub(crate) reason: &'static str,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
}

impl Container {
    pub(super) fn new(spec: &Value, outcome: Outcome, id: String) -> Self {
        Self {
            name: crate::value::text(spec, "/name").to_owned(),
            image: crate::value::text(spec, "/image").to_owned(),
            outcome,
            state: State::New,
            restarts: 0,
            pulls: 0,
            last: None,
            id,
        }
    }

    /// When time alone moves this container on.
    pub(super) fn due(&self, timing: &crate::Timing, finite: bool) -> Option<Timestamp> {
        match &self.state {
            State::Pulling { until }
            | State::NoImage { until, .. }
            | State::Starting { until }
            | State::Backoff { until } => Some(*until),
            State::Running { since } => self.end_of(*since, timing, finite).map(|(at, _, _)| at),
            State::New | State::NoConfig { .. } | State::Ended(_) => None,
        }
    }

    /// When, with which code and why a running container ends by itself.
    pub(super) fn end_of(
        &self,
        since: Timestamp,
        timing: &crate::Timing,
        finite: bool,
    ) -> Option<(Timestamp, i32, &'static str)> {
        let at = |wait: Duration| crate::clock::after(since, wait);
        match self.outcome {
            Outcome::Exit(0) => Some((at(timing.crash), 0, "Completed")),
            Outcome::Exit(code) => Some((at(timing.crash), code, "Error")),
            Outcome::OutOfMemory => Some((at(timing.crash), 137, "OOMKilled")),
            Outcome::SlowStart(wait) if finite => Some((at(wait), 0, "Completed")),
            Outcome::Healthy if finite => Some((at(timing.work), 0, "Completed")),
            _ => None,
        }
    }

    /// When a container running since then gets ready; `None` when never.
    pub(super) fn ready_at(&self, since: Timestamp, timing: &crate::Timing) -> Option<Timestamp> {
        match self.outcome {
            Outcome::NeverReady => None,
            Outcome::SlowStart(wait) => Some(crate::clock::after(since, wait)),
            _ => Some(crate::clock::after(since, timing.ready)),
        }
    }
}
