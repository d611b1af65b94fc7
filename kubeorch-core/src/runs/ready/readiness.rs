//! The answer.

/// How far an object, or a node of several, is.
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
