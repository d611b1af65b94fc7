//! Nodes and edges (contract 3.2). Members that the canvas library adds are dropped; `data` round-trips untouched.

use kubeorch_core::graph as core;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A node.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Node {
    /// Chosen by the client, unique within the graph.
    id: String,
    /// A node type, see `GET /v1/api/templates`.
    #[serde(rename = "type")]
    kind: String,
    /// Where it lies on the canvas.
    #[serde(default)]
    position: Position,
    /// Its parameters; `_status` holds the live state.
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

/// Canvas pixels, any sign.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub(crate) struct Position {
    x: f64,
    y: f64,
}

/// An edge.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edge {
    /// Chosen by the client, unique within the graph.
    id: String,
    /// A node id.
    source: String,
    /// A node id.
    target: String,
    /// Which part of the source it leaves from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_handle: Option<String>,
    /// Which part of the target it arrives at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_handle: Option<String>,
    /// How the canvas draws it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Options of the edge, for instance `injectAs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    data: Option<Map<String, Value>>,
}

impl From<core::Node> for Node {
    fn from(node: core::Node) -> Self {
        let position = Position { x: node.position.x, y: node.position.y };
        Self { id: node.id, kind: node.kind, position, data: node.data }
    }
}

impl From<Node> for core::Node {
    fn from(node: Node) -> Self {
        let position = core::Position { x: node.position.x, y: node.position.y };
        Self { id: node.id, kind: node.kind, position, data: node.data }
    }
}

impl From<core::Edge> for Edge {
    fn from(edge: core::Edge) -> Self {
        Self {
            id: edge.id,
            source: edge.source,
            target: edge.target,
            source_handle: edge.source_handle,
            target_handle: edge.target_handle,
            kind: edge.kind,
            data: edge.data,
        }
    }
}

impl From<Edge> for core::Edge {
    fn from(edge: Edge) -> Self {
        Self {
            id: edge.id,
            source: edge.source,
            target: edge.target,
            source_handle: edge.source_handle,
            target_handle: edge.target_handle,
            kind: edge.kind,
            data: edge.data,
        }
    }
}

/// Converts a list.
pub(crate) fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}
