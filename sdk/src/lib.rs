//! Write KubeOrch plugins in Rust.
//!
//! A plugin teaches KubeOrch node types: what a user may fill in, which Kubernetes objects come of it, and how to read
//! their state. It is a WebAssembly component that imports nothing, so it is a pure function from JSON to JSON.
//!
//! Implement [`NodeType`] once per node type, list them in a [`Collection`] and export it:
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
//! kubeorch_plugin_sdk::export_node_types!(Mine);
//! # }
//! # fn main() {}
//! ```
//!
//! Build it with `cargo build --target wasm32-unknown-unknown` and the linker `wasm-component-ld`; test it natively with
//! `testing`, which takes the same path through the same JSON bytes.

#[doc(hidden)]
pub mod bindings;
mod catalog;
pub mod check;
#[doc(hidden)]
pub mod dispatch;
mod facts;
mod failure;
mod finding;
pub mod kubernetes;
mod link;
mod node;
mod node_types;
mod parameters;
mod reader;
mod registry;
mod rendered;
mod runtime;
mod status;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use self::{
    catalog::{Alias, Catalog, Descriptor, Entry, Kind, LinkRule, Plugin},
    facts::{Facts, FactsRequest},
    failure::Failure,
    finding::{Finding, Findings, Report, Severity},
    link::{DeclaredBy, Direction, Edge, Link, Peer},
    node::Node,
    node_types::NodeTypes,
    parameters::{Parameter, Parameters},
    reader::{Reader, read_integer, read_text},
    registry::{Collection, NodeType, PluginInfo},
    rendered::{Observe, Out, RenderRequest, Rendered},
    runtime::{Encode, Runtime},
    status::{Phase, Status, StatusRequest},
};

/// Exports a [`NodeTypes`] (or a [`Collection`]) as the component of this crate. Once per `cdylib`.
#[macro_export]
macro_rules! export_node_types {
    ($plugin:ty) => {
        type ExportedNodeTypes = $crate::bindings::Adapter<$plugin>;
        $crate::bindings::export!(ExportedNodeTypes with_types_in $crate::bindings);
    };
}
