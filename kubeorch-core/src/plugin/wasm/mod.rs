//! Runs plugins: WebAssembly components in a sandbox without any ability of its own.
//!
//! A [`Host`] owns the engine, the threads and the memo; [`Host::load`] makes a [`Plugin`] of a component's
//! bytes; a [`Registry`] is a set of plugins and implements the trait of every world. Every call gets
//! a fresh instance, so no call can leave anything behind for the next, and a fault costs nobody else
//! anything; only the calls of one import share theirs. Whatever a guest does ends in an [`Error`](super::Error) with
//! its name, and a plugin that fails again and again is left alone for a while.
//!
//! A component imports what its world allows and its manifest asks for: a log, and for analyzers the source tree of
//! the call.
//!
//! A component is code from a stranger twice over: for the compiler before it runs, and when it runs. `scan` bounds
//! what the compiler sees, `compile` can put it into a child process, `cache` keeps what came out of it.
//!
//! Not here: where components come from, who may install them.

mod answer;
mod ask;
mod cache;
mod call;
pub mod check;
mod compile;
#[cfg(any(feature = "test-util", test))]
mod decoders;
mod engine;
mod faults;
mod guest;
mod host;
mod imports;
mod job;
mod limits;
mod links;
mod log;
mod memo;
mod meter;
mod plugin;
mod pool;
mod probe;
mod quarantine;
mod registry;
mod sandbox;
mod scan;
mod state;
mod stats;
#[cfg(test)]
mod tests;
mod ticker;
mod tree;

pub use cache::CacheOptions;
pub use compile::{ChildCompiler, Compilations, Compiler, compile_plugin};
#[cfg(any(feature = "test-util", test))]
pub use decoders::decode_answers;
pub use host::Host;
pub use limits::{Budget, Limits, TICK};
pub use plugin::Plugin;
pub use probe::{Measured, Refusal};
pub use quarantine::Quarantine;
pub use registry::{Builder, Registry};
pub use sandbox::WasmSandbox;
pub use stats::{ExportStats, Histogram, Stats};
