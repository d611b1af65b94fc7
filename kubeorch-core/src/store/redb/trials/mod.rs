//! What a store must survive, as programs: power loss, failing disks, bits that change.
//!
//! They run on a disk in memory, so they can stop the world at every flush and fail every call. Each answers what it did,
//! or the first thing that must never happen. Tests run them at a size for every change, `benches/faults.rs` at any.

mod disk;
mod errors;
mod flips;
mod power;
mod reads;
mod script;
#[cfg(test)]
mod tests;

pub use errors::{Errors, errors};
pub use flips::{Flips, flips};
pub use power::{Power, power, power_large};
pub use reads::{Reads, reads};

use crate::store::{Batch, Error, Seq, Store};

/// What must never happen, happened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Trial(String);

impl From<Error> for Trial {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// Commits and waits, without a runtime: the writer's thread wakes this one.
fn run(store: &dyn Store, batch: Batch) -> Result<Seq, Error> {
    futures::executor::block_on(store.commit(batch))
}
