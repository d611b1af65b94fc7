//! Whether an object is what it was asked to be.
//!
//! Pure functions of an object as a cluster holds it. What clients see of a node comes from its plugin; when a run may go
//! on is decided here.

mod readiness;

pub(super) use readiness::{Phase, Readiness};
