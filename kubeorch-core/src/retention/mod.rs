//! Retention: what is old goes, by count, age and bytes; never what is tagged, named, deployed or running.
//!
//! [`Policy`] says how much is kept. The `decide` module is pure: facts in, keys to remove out. A sweep gathers the
//! facts, decides, and removes in small transactions that decide again on what they read. It runs some minutes
//! after the start, then every hour, and whenever an admin asks for it.
//!
//! Boundary: which rows make up a run is the matter of `runs`. May use: `versions`, `runs`, `workflows`.

mod decide;
mod error;
mod meter;
mod model;
mod service;
mod sweep;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use model::{Policy, Report};
pub use service::Service;
