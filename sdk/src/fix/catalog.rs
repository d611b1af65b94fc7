//! What a plugin says about itself and its findings (`describe`).

use serde::{Deserialize, Serialize};

use crate::{Plugin, Severity};

/// The answer to `describe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Who the plugin is.
    pub plugin: Plugin,
    /// Every finding it makes.
    pub findings: Vec<FindingKind>,
    /// The facts it looks at; the others are absent from its requests.
    #[serde(default)]
    pub wants: Vec<Want>,
}

/// A finding that the plugin makes and mends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingKind {
    /// Stable: `<plugin>.<what>`.
    pub code: String,
    /// For people.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    #[serde(default)]
    pub description: String,
}

/// A kind of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Want {
    /// The node's objects as rendered.
    Rendered,
    /// The node's objects as they are in the cluster, and its pods.
    Live,
    /// Events about them.
    Events,
    /// The last lines of the pods' logs.
    Logs,
    /// The linked nodes with their objects, rendered and live where those are wanted.
    Neighbours,
}
