//! Write KubeOrch plugins in Rust.
//!
//! A plugin is a WebAssembly component, a pure function from JSON to JSON: it has no clock, no randomness, no network, no
//! files. There are four worlds, each a feature of this crate:
//!
//! | Feature | What a plugin of it does | Implement |
//! |---|---|---|
//! | `node-types` | teaches node types: what a user fills in, which objects come of it, how they fare | [`NodeType`] in a [`Collection`] |
//! | `step` | runs steps of a flow, and asks for effects as data | [`step::Step`] in a [`step::Collection`] |
//! | `import-analyzer` | reads a source tree and draws what it would deploy | [`analyzer::Analyzer`] |
//! | `fix-template` | names what is wrong with a deployment and proposes how to mend it | [`fix::Fixes`] |
//!
//! A node-types plugin imports nothing; the others may write to the host's log with [`log`], and a panic writes there by
//! itself. A component is of one world.
//!
//! ```
//! use kubeorch_plugin_sdk::{
//!     Collection, Descriptor, Facts, Findings, Node, NodeType, PluginInfo, RenderRequest, Rendered, Status,
//!     StatusRequest, registry,
//! };
//!
//! struct Namespace;
//!
//! impl NodeType for Namespace {
//!     fn name(&self) -> &'static str {
//!         "namespace"
//!     }
//!     fn descriptor(&self) -> Descriptor {
//!         Descriptor::new("namespace", "Namespace").kind("v1", "Namespace", false)
//!     }
//!     fn facts(&self, node: &Node) -> Facts {
//!         Facts { name: node.name().to_owned(), kind: "Namespace".to_owned(), ..Facts::default() }
//!     }
//!     fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
//!         let name = request.node.read(findings).name(kubeorch_plugin_sdk::check::dns_label);
//!         Rendered::default().object(kubeorch_plugin_sdk::kubernetes::object("v1", "Namespace", &name, None))
//!     }
//!     fn status(&self, request: &StatusRequest) -> Status {
//!         Status::created(request.objects.first())
//!     }
//! }
//!
//! struct Mine;
//!
//! impl Collection for Mine {
//!     const PLUGIN: PluginInfo = PluginInfo { id: "mine", name: "Mine", version: "0.1.0", description: "Namespaces" };
//!     const NODE_TYPES: &'static [&'static dyn NodeType] = registry![Namespace];
//! }
//!
//! # mod component {
//! # use super::Mine;
//! kubeorch_plugin_sdk::export_plugin!(node_types: Mine);
//! # }
//! # fn main() {}
//! ```
//!
//! Build it with `cargo build --target wasm32-unknown-unknown` and the linker `wasm-component-ld`; test it natively with
//! [`testing`], which takes the same path through the same JSON bytes.

#[cfg(feature = "import-analyzer")]
pub mod analyzer;
#[doc(hidden)]
pub mod bindings;
#[cfg(feature = "node-types")]
mod catalog;
pub mod check;
#[doc(hidden)]
pub mod dispatch;
#[cfg(feature = "node-types")]
mod facts;
mod failure;
mod finding;
#[cfg(feature = "fix-template")]
pub mod fix;
pub mod kubernetes;
#[cfg(feature = "node-types")]
mod link;
#[cfg(feature = "log")]
pub mod log;
mod node;
#[cfg(feature = "node-types")]
mod node_types;
mod parameters;
mod plugin;
mod reader;
#[cfg(feature = "node-types")]
mod registry;
#[cfg(feature = "node-types")]
mod rendered;
#[cfg(feature = "node-types")]
mod runtime;
#[cfg(feature = "node-types")]
mod status;
#[cfg(feature = "step")]
pub mod step;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
#[cfg(feature = "schema")]
pub mod typed;

#[cfg(feature = "node-types")]
pub use self::{
    catalog::{Alias, Catalog, Descriptor, Entry, Kind, LinkRule},
    facts::{Facts, FactsRequest},
    link::{DeclaredBy, Direction, Edge, Link, Peer},
    node_types::NodeTypes,
    registry::{Collection, NodeType},
    rendered::{Observe, Out, RenderRequest, Rendered},
    runtime::{Encode, Runtime},
    status::{Phase, Status, StatusRequest},
};
pub use self::{
    failure::Failure,
    finding::{Finding, Findings, Report, Severity},
    node::Node,
    parameters::{Parameter, Parameters},
    plugin::{Plugin, PluginInfo},
    reader::{Reader, read_integer, read_text},
};

/// Exports a type as the component of this crate: `export_plugin!(step: Mine)`. The worlds are `node_types`, `step`,
/// `analyzer` and `fix`; a component is of one. Once per `cdylib`.
#[macro_export]
macro_rules! export_plugin {
    ($world:ident: $plugin:ty) => {
        const _: () = {
            type Exported = $crate::bindings::$world::Adapter<$plugin>;
    $crate::bindings::$world::export!(Exported with_types_in $crate::bindings::$world);
        };
    };
}

/// Exports a [`NodeTypes`] (or a [`Collection`]): short for `export_plugin!(node_types: …)`.
#[cfg(feature = "node-types")]
#[macro_export]
macro_rules! export_node_types {
    ($plugin:ty) => {
        $crate::export_plugin!(node_types: $plugin);
    };
}
