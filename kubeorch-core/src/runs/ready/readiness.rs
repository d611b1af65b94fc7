//! The answer.

/// How far an object, or a node of several, is. The worst of many is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runs) enum Phase {
    /// As desired.
    Ready,
    /// On its way, or not there yet.
    Progressing,
    /// Will not get ready by itself.
    Failed,
}

/// How far, and why not further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runs) struct Readiness {
    pub(in crate::runs) phase: Phase,
    /// A word for why, for instance `ProgressDeadlineExceeded`; empty when there is nothing to explain.
    pub(in crate::runs) reason: String,
    /// One sentence; may be empty.
    pub(in crate::runs) message: String,
}

impl Readiness {
    pub(in crate::runs) fn new(phase: Phase, reason: &str, message: impl Into<String>) -> Self {
        Self { phase, reason: reason.to_owned(), message: message.into() }
    }

    pub(super) fn ready(message: impl Into<String>) -> Self {
        Self::new(Phase::Ready, "", message)
    }

    pub(super) fn progressing(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Phase::Progressing, reason, message)
    }

    pub(super) fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Phase::Failed, reason, message)
    }

    /// The worse of both; the first of two equals.
    #[must_use]
    pub(in crate::runs) fn and(self, other: Self) -> Self {
        if other.phase > self.phase { other } else { self }
    }
}
