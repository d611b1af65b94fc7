//! The edge to the plugins: what the engine asks of node types, and the sandbox that answers.
//!
//! [`NodeTypes`] is all that the engine knows. The adapter behind the feature `wasm` runs components;
//! an embedder may bring a set of its own.

mod api;
mod error;
mod types;

pub use api::NodeTypes;
pub use error::Error;
pub use types::{
    Catalog, Direction, Facts, KindInfo, Link, LinkRule, NodeInput, NodeType, Observe, Out, Peer, Phase,
    PluginInfo, RenderRequest, Rendered, Status, StatusRequest,
};
