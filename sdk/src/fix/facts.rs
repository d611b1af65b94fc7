//! What a diagnosis is made from.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Node;

/// The facts of one node. What the plugin did not want is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The node.
    pub node: Node,
    /// The nodes that it is linked to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
    /// Its objects as rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rendered: Vec<Value>,
    /// Its objects as they are in the cluster, and its pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Value>,
    /// Events about them, the newest first, as the cluster has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// The last lines of its pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<Log>,
}

/// An event as the cluster has it (`core/v1` or `events.k8s.io/v1`).
pub type Event = Value;

/// A linked node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The node.
    pub node: Node,
    /// Its objects as rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rendered: Vec<Value>,
    /// Its objects as they are in the cluster, and its pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Value>,
}

/// The last lines of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The name of the pod.
    pub pod: String,
    /// The name of the container.
    pub container: String,
    /// The lines, the newest last.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// The objects of that kind.
fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object.get("kind").and_then(Value::as_str) == Some(kind))
}

impl Facts {
    /// The node's objects of that kind in the cluster.
    pub fn live<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        of_kind(&self.live, kind)
    }

    /// The node's objects of that kind as rendered.
    pub fn rendered<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        of_kind(&self.rendered, kind)
    }
}

impl Neighbour {
    /// The neighbour's objects of that kind in the cluster.
    pub fn live<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        of_kind(&self.live, kind)
    }

    /// The neighbour's objects of that kind as rendered.
    pub fn rendered<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        of_kind(&self.rendered, kind)
    }
}
