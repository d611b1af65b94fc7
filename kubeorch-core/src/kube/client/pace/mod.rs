//! How fast one cluster is asked, and whether at all.
//!
//! `gate` lets calls through in the order they came, as many at once as `limit` finds the server can take, and
//! none before a `Retry-After` has passed. `breaker` notices that the server does not answer. Both belong to one
//! cluster: nothing here is shared between two, so a dead one holds up nobody else.

mod breaker;
mod gate;
mod limit;
#[cfg(test)]
mod tests;

pub(super) use breaker::Breaker;
pub(super) use gate::{Gate, Permit, Turned};
