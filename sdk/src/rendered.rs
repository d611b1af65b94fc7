//! The objects of a node (`render`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Finding, Link, Node};

/// The request of `validate` and `render`: a node among its neighbours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderRequest {
    /// The node.
    pub node: Node,
    /// Its neighbours, in an order that depends on the graph alone.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// The answer to `render`.
///
/// Objects are there even when the findings hold errors, so that a preview can show them: whoever applies looks at the
/// findings first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// What to apply, in this order.
    pub objects: Vec<Out>,
    /// What else to watch in order to tell the state of the node.
    #[serde(default)]
    pub observe: Vec<Observe>,
    /// What was filled in from neighbours, for the run log.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What is wrong, the same as `validate` answers.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// One object to apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Out {
    /// The full Kubernetes object. Leaves the host fills at apply time are [`Runtime`](crate::Runtime) placeholders.
    pub object: Value,
    /// True: dropped when another node renders the same (group, kind, namespace, name).
    #[serde(default)]
    pub if_absent: bool,
}

/// Objects to watch besides those rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observe {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Kubernetes label selector, `app=web`.
    pub label_selector: String,
}

impl Rendered {
    /// One more object.
    #[must_use]
    pub fn object(mut self, object: impl Into<Value>) -> Self {
        self.objects.push(Out { object: object.into(), if_absent: false });
        self
    }

    /// One more object, dropped when another node renders the same.
    #[must_use]
    pub fn object_if_absent(mut self, object: impl Into<Value>) -> Self {
        self.objects.push(Out { object: object.into(), if_absent: true });
        self
    }

    /// Watch the pods that have this label.
    #[must_use]
    pub fn observe_pods(mut self, namespace: &str, label_selector: String) -> Self {
        self.observe.push(Observe {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: namespace.to_owned(),
            label_selector,
        });
        self
    }

    /// Lines for the run log.
    #[must_use]
    pub fn notes(mut self, notes: Vec<String>) -> Self {
        self.notes.extend(notes);
        self
    }
}
