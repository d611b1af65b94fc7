//! Runs plugins: WebAssembly components in a sandbox without a single import.
//!
//! A [`Host`] owns the engine, the threads and the memo; [`Host::load`] makes a [`Plugin`] of a component's
//! bytes; a [`Registry`] is a set of plugins and implements [`NodeTypes`](super::NodeTypes). Every call gets
//! a fresh instance, so no call can leave anything behind for the next, and a fault costs nobody else
//! anything. Whatever a guest does ends in an [`Error`](super::Error) with its name.
//!
//! A component is code from a stranger twice over: for the compiler before it runs, and when it runs. `scan` bounds
//! what the compiler sees, `compile` can put it into a child process, `cache` keeps what came out of it.
//!
//! Not here: where components come from, who may install them.

mod answer;
mod cache;
mod call;
pub mod check;
mod compile;
#[cfg(any(feature = "test-util", test))]
mod decoders;
mod engine;
mod guest;
mod host;
mod imports;
mod limits;
mod memo;
mod meter;
mod plugin;
mod pool;
mod probe;
mod registry;
mod sandbox;
mod scan;
mod stats;
#[cfg(test)]
mod tests;
mod ticker;

pub use cache::CacheOptions;
pub use compile::{ChildCompiler, Compilations, Compiler, compile_plugin};
#[cfg(any(feature = "test-util", test))]
pub use decoders::decode_answers;
pub use host::Host;
pub use limits::{Limits, TICK};
pub use plugin::Plugin;
pub use probe::{Fault, Measured};
pub use registry::{Builder, Registry};
pub use sandbox::WasmSandbox;
pub use stats::Stats;
