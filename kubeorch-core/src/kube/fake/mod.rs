//! A cluster in memory for tests: live objects set by hand, scripted errors, a record of the calls.
//!
//! It merges as server-side apply does for objects (lists are replaced whole) and knows no admission, no
//! controllers and no field conflicts of its own; script those, or use the simulator.

mod cluster;
mod selector;
mod state;
#[cfg(test)]
mod tests;

pub use cluster::Fake;
pub use state::{Call, Verb};
