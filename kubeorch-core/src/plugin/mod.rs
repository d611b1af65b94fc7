//! The edge to the plugins: what the engine asks of them, and the sandbox that answers.
//!
//! A plugin is of one [`World`], and each world has a trait: [`NodeTypes`], [`Steps`], [`Analyzers`], [`Fixes`]. They
//! are all that the engine knows. The adapter behind the feature `wasm` runs components; an embedder may bring sets of
//! its own.

pub mod analyzer;
mod api;
#[cfg(any(feature = "wasm", feature = "test-util", test))]
mod catalog;
pub mod crd;
mod download;
mod error;
#[cfg(any(feature = "test-util", test))]
pub mod fake;
mod fault;
#[cfg(feature = "fetch")]
mod fetch;
pub mod fix;
pub mod manifest;
mod sandbox;
pub mod source;
pub mod step;
mod types;
#[cfg(feature = "wasm")]
mod wasm;
mod world;

pub use api::{Analyzers, Fixes, ImportJob, NodeTypes, Steps};
pub use download::{Download, DownloadError, Downloaded};
pub use error::Error;
pub use fault::{Fault, FaultKind};
#[cfg(feature = "fetch")]
pub use fetch::{Fetch, FetchOptions};
pub use manifest::Manifest;
pub use sandbox::{About, Candidate, Sandbox, Usage};
pub use types::{
    Alias, Catalog, Direction, Entry, Facts, KindInfo, Link, LinkRule, NodeInput, NodeType, Observe, Out,
    Peer, Phase, PluginInfo, RenderRequest, Rendered, Status, StatusRequest,
};
#[cfg(all(feature = "wasm", any(feature = "test-util", test)))]
pub use wasm::decode_answers;
#[cfg(feature = "wasm")]
pub use wasm::{
    Budget, Builder, CacheOptions, ChildCompiler, Compilations, Compiler, ExportStats, Histogram, Host,
    Limits, Measured, Plugin, Quarantine, Refusal, Registry, Stats, TICK, WasmSandbox, check, compile_plugin,
};
pub use world::World;
