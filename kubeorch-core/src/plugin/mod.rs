//! The edge to the plugins: what the engine asks of node types, and the sandbox that answers.
//!
//! [`NodeTypes`] is all that the engine knows. The adapter behind the feature `wasm` runs components;
//! an embedder may bring a set of its own.

mod api;
#[cfg(any(feature = "wasm", feature = "test-util", test))]
mod catalog;
mod download;
mod error;
#[cfg(any(feature = "test-util", test))]
pub mod fake;
#[cfg(feature = "fetch")]
mod fetch;
pub mod manifest;
mod sandbox;
mod types;
#[cfg(feature = "wasm")]
mod wasm;

pub use api::NodeTypes;
pub use download::{Download, DownloadError, Downloaded};
pub use error::Error;
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
    Builder, CacheOptions, ChildCompiler, Compilations, Compiler, Fault, Host, Limits, Measured, Plugin,
    Registry, Stats, TICK, WasmSandbox, check, compile_plugin,
};
