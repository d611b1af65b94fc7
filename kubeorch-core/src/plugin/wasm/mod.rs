//! Runs plugins: WebAssembly components in a sandbox without a single import.
//!
//! A [`Host`] owns the engine, the threads and the memo; [`Host::load`] makes a [`Plugin`] of a component's
//! bytes; a [`Registry`] is a set of plugins and implements [`NodeTypes`](super::NodeTypes). Every call gets
//! a fresh instance, so no call can leave anything behind for the next, and a fault costs nobody else
//! anything. Whatever a guest does ends in an [`Error`](super::Error) with its name.
//!
//! Not here: where components come from, who may install them, a cache of compiled code on disk.

mod answer;
mod call;
mod engine;
mod guest;
mod host;
mod imports;
mod limits;
mod memo;
mod meter;
mod plugin;
mod pool;
mod registry;
mod stats;
#[cfg(test)]
mod tests;
mod ticker;

pub use host::Host;
pub use limits::{Limits, TICK};
pub use plugin::Plugin;
pub use registry::{Builder, Registry};
pub use stats::Stats;
