//! A neighbour of the node being rendered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Facts;

/// One connection between the node and a neighbour: an edge of the graph or a reference inside data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The role of the matching link rule; none when no rule matches the pair.
    #[serde(default)]
    pub role: Option<String>,
    /// Which end declared the rule.
    #[serde(default)]
    pub declared_by: Option<DeclaredBy>,
    /// The edge; none for a reference.
    #[serde(default)]
    pub edge: Option<Edge>,
    /// Where the edge points, seen from the node.
    pub direction: Direction,
    /// The neighbour.
    pub peer: Peer,
}

/// Which end of a link declared its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeclaredBy {
    /// The node being rendered.
    #[serde(rename = "self")]
    Node,
    /// The neighbour.
    Peer,
}

/// Where an edge points, seen from the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the neighbour.
    Out,
    /// From the neighbour.
    In,
    /// No edge: the data of one of the two points at the other.
    Reference,
}

/// An edge of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// Unique in the graph.
    #[serde(default)]
    pub id: String,
    /// The node it starts at.
    #[serde(default)]
    pub source: String,
    /// The node it ends at.
    #[serde(default)]
    pub target: String,
    /// The part of the source it starts at, for example the id of an ingress path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_handle: Option<String>,
    /// The part of the target it ends at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_handle: Option<String>,
    /// Options of the edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
}

/// A neighbour: who it is and what it lets others know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its node id.
    pub id: String,
    /// Its node type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it lets others know.
    pub facts: Facts,
    /// The traits of its node type.
    #[serde(default)]
    pub traits: Vec<String>,
}

impl Link {
    /// Whether the link has this role and the rule was declared by that end.
    pub fn is(&self, role: &str, declared_by: DeclaredBy) -> bool {
        self.role.as_deref() == Some(role) && self.declared_by == Some(declared_by)
    }

    /// A text option of the edge.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.edge.as_ref()?.data.as_ref()?.get(key)?.as_str()
    }

    /// Whether either handle of the edge is this one.
    pub fn touches(&self, handle: &str) -> bool {
        self.edge.as_ref().is_some_and(|edge| {
            [&edge.source_handle, &edge.target_handle].into_iter().flatten().any(|it| it == handle)
        })
    }
}
