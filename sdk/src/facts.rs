//! What neighbours may know about a node.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Node;

/// The request of `facts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactsRequest {
    /// The node asked about.
    pub node: Node,
}

/// What neighbours may know about a node. Depends on that node alone, so the host computes it once per edit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// The name of the primary object.
    pub name: String,
    /// Its namespace; empty when it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its kind.
    pub kind: String,
    /// Its group and version.
    pub api_version: String,
    /// Labels that select its pods; empty when it makes none.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub labels: Map<String, Value>,
    /// The port it listens on, 1–65535.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
    /// All its ports, the first one being `port`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<i64>,
    /// Where a workload mounts it when the workload says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_path: Option<String>,
    /// `env`: a workload takes its keys as environment variables instead of mounting it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inject_as: Option<String>,
    /// The name of its headless service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// True: it owns the number of replicas of what it is linked to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scales_replicas: bool,
    /// Ids of nodes that the data itself points at; the host makes them links too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Whatever else a neighbour of the same plugin wants to know.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Facts {
    /// Name, namespace and references of a node that makes a namespaced object of that kind.
    pub fn of(node: &Node, api_version: &str, kind: &str) -> Self {
        Self {
            name: node.name().to_owned(),
            namespace: node.namespace().to_owned(),
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            references: node.references(),
            ..Self::default()
        }
    }
}
