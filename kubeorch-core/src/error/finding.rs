//! A remark on a user's data, addressed to a node and a field.

use serde::{Deserialize, Serialize};

/// How much a [`Finding`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is applied while one of these stands.
    Error,
    /// Worth knowing; the operation goes on.
    Warning,
}

/// One remark on a graph or a request. Checks return all of them at once, never only the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Whether it stops the operation.
    pub severity: Severity,
    /// Stable identifier, `<type or part>.<what>`, for instance `deployment.image_missing`.
    pub code: String,
    /// The node it is about; `None` for the graph as a whole or an edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The edge it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    /// Dotted path inside the node's data; empty for the node as a whole.
    #[serde(default)]
    pub field: String,
    /// What is wrong, without the node and field.
    pub message: String,
    /// The next step; may be empty.
    #[serde(default)]
    pub hint: String,
}

impl Finding {
    /// An error on the graph; address it with [`Self::on_node`], [`Self::on_edge`], [`Self::at`].
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: code.into(),
            node: None,
            edge: None,
            field: String::new(),
            message: message.into(),
            hint: String::new(),
        }
    }

    /// A warning on the graph.
    pub fn warning(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Addresses the finding to a node.
    #[must_use]
    pub fn on_node(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }

    /// Addresses the finding to an edge.
    #[must_use]
    pub fn on_edge(mut self, edge: impl Into<String>) -> Self {
        self.edge = Some(edge.into());
        self
    }

    /// Addresses the finding to a field of its node.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Whether it stops the operation.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `node-1 image: an image is required`, the form that faces show.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.node, &self.edge) {
            (Some(node), _) => write!(f, "{node}")?,
            (None, Some(edge)) => write!(f, "edge {edge}")?,
            // The thing that the code names: the graph, a file, a component.
            (None, None) => write!(f, "{}", self.code.split('.').next().unwrap_or_default())?,
        }
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}
