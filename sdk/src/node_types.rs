//! The contract as a Rust trait.

use crate::{Catalog, Facts, Failure, Finding, Node, RenderRequest, Rendered, Status, StatusRequest};

/// The five questions of the `node-types` world, typed.
///
/// Implement [`Collection`](crate::Collection) instead where the plugin is a list of node types; this trait is for
/// plugins that make their node types from data.
pub trait NodeTypes {
    /// What the plugin is and which node types it has.
    fn catalog() -> Catalog;

    /// What neighbours may know about the node; depends on the node alone.
    fn facts(node: &Node) -> Result<Facts, Failure>;

    /// Everything wrong with the node among its neighbours.
    fn validate(request: &RenderRequest) -> Result<Vec<Finding>, Failure>;

    /// The Kubernetes objects of the node.
    fn render(request: &RenderRequest) -> Result<Rendered, Failure>;

    /// How the node fares.
    fn status(request: &StatusRequest) -> Result<Status, Failure>;
}
