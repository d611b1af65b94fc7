//! What the engine asks of node types.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, Facts, NodeInput, NodeType, RenderRequest, Rendered, Status, StatusRequest};
use crate::error::Finding;

/// A set of node types. Every answer is a pure function of the request, so callers may repeat or cache
/// it. Cancelling a call is safe.
#[async_trait]
pub trait NodeTypes: Send + Sync + 'static {
    /// All node types, by plugin and name; a name is there once.
    fn list(&self) -> Vec<Arc<NodeType>>;

    /// One node type.
    fn find(&self, name: &str) -> Option<Arc<NodeType>>;

    /// What neighbours may know of a node; depends on the node alone.
    async fn facts(&self, node: &NodeInput) -> Result<Arc<Facts>, Error>;

    /// Every remark on a node with its links.
    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error>;

    /// The Kubernetes objects of a node.
    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error>;

    /// What the live objects of a node say about it.
    async fn status(&self, request: &StatusRequest) -> Result<Status, Error>;
}
