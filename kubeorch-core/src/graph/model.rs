//! Nodes and edges exactly as a client sends them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A set of nodes and directed edges (contract 3.2). Members it does not know are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The nodes, in the client's order.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// The edges, in the client's order.
    #[serde(default)]
    pub edges: Vec<Edge>,
}

/// A node: one thing of a type that a plugin brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Chosen by the client, unique within the graph.
    pub id: String,
    /// The node type's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it lies on the canvas.
    #[serde(default)]
    pub position: Position,
    /// Parameters. Members that begin with `_` are runtime or editor state.
    #[serde(default)]
    pub data: Map<String, Value>,
}

/// Canvas pixels, any sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// To the right.
    #[serde(default)]
    pub x: f64,
    /// Down.
    #[serde(default)]
    pub y: f64,
}

/// A directed edge between two nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// Chosen by the client, unique within the graph.
    pub id: String,
    /// A node id.
    pub source: String,
    /// A node id.
    pub target: String,
    /// Which part of the source it leaves from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_handle: Option<String>,
    /// Which part of the target it arrives at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_handle: Option<String>,
    /// How the canvas draws it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Options of the edge, for instance `injectAs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
}

impl Graph {
    /// A node by id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }
}
