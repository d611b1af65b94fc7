//! How a node fares (`status`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Node;

/// The request of `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusRequest {
    /// The node.
    pub node: Node,
    /// Live objects that this node rendered; those not in the cluster are absent.
    #[serde(default)]
    pub objects: Vec<Value>,
    /// Live objects matched by what the node asked to observe.
    #[serde(default)]
    pub observed: Vec<Value>,
    /// The objects as rendered.
    #[serde(default)]
    pub desired: Vec<Value>,
}

impl StatusRequest {
    /// The first live object of that kind.
    pub fn live(&self, kind: &str) -> Option<&Value> {
        self.objects.iter().find(|object| object.get("kind").and_then(Value::as_str) == Some(kind))
    }
}

/// What the engine acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Not in the cluster yet.
    Pending,
    /// On its way.
    Progressing,
    /// As wanted; dependents may follow.
    Ready,
    /// Will not get ready by itself.
    Failed,
}

/// The answer to `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What the engine acts on.
    pub phase: Phase,
    /// Why, as a word of Kubernetes: `ImagePullBackOff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The object that explains it: `Pod/web-abc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What clients see, unchanged: `state`, `message` and the members of the node type.
    pub status: Map<String, Value>,
}

impl Status {
    /// A status of that phase whose clients see this state.
    pub fn new(phase: Phase, state: &str) -> Self {
        let mut status = Map::new();
        status.insert("state".to_owned(), state.into());
        Self { phase, reason: None, object: None, status }
    }

    /// For objects that are ready once they exist: `created`, or `pending` while there is none.
    pub fn created(object: Option<&Value>) -> Self {
        match object {
            Some(_) => Self::new(Phase::Ready, "created").message("created"),
            None => Self::new(Phase::Pending, "pending").message("not created yet"),
        }
    }

    /// One more member that clients see.
    #[must_use]
    pub fn member(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.status.insert(key.to_owned(), value.into());
        self
    }

    /// One more member that clients see, when it is known.
    #[must_use]
    pub fn member_if(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.member(key, value),
            None => self,
        }
    }

    /// The sentence that clients see.
    #[must_use]
    pub fn message(self, text: impl Into<String>) -> Self {
        self.member("message", text.into())
    }

    /// Why, and which object explains it.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>, object: Option<String>) -> Self {
        self.reason = Some(reason.into());
        self.object = object;
        self
    }
}
