//! What a place would deploy (`analyze`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Place;
use crate::Severity;

/// The request of `analyze`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeRequest {
    /// One of the places that `detect` named.
    pub place: Place,
    /// What the user chose, in the analyzer's own form.
    #[serde(default)]
    pub options: Map<String, Value>,
}

/// The answer to `analyze`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Analysis {
    /// Nodes to draw, in reading order.
    pub nodes: Vec<NodeDraft>,
    /// Edges between them.
    pub edges: Vec<EdgeDraft>,
    /// What the user should know or mend.
    pub findings: Vec<Finding>,
}

/// A node to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeDraft {
    /// Unique in the analysis; edges name it, and a second import knows the node by it.
    pub key: String,
    /// Its node type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is filled in.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// Where it was read.
    pub origin: Origin,
    /// 0 to 100: how sure the analyzer is of it.
    #[serde(default)]
    pub confidence: u8,
}

/// An edge to draw, between two keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeDraft {
    /// The key that it starts at.
    pub source: String,
    /// The key that it ends at.
    pub target: String,
}

/// Where something was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file, from the root of the tree.
    pub path: String,
    /// The line, from 1; absent for the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Something about the source that the user should know or mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the import is of use as it is.
    pub severity: Severity,
    /// Stable: `<analyzer>.<what>`.
    pub code: String,
    /// Path in the data of a node; empty for the source.
    #[serde(default)]
    pub field: String,
    /// What it is, one lower-case sentence fragment.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub hint: String,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl NodeDraft {
    /// A node without data; the analyzer is sure of it.
    pub fn new(key: &str, kind: &str, origin: Origin) -> Self {
        Self { key: key.to_owned(), kind: kind.to_owned(), data: Map::new(), origin, confidence: 100 }
    }

    /// One more member of its data.
    #[must_use]
    pub fn data(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }

    /// How sure the analyzer is of it, 0 to 100.
    #[must_use]
    pub fn confidence(mut self, confidence: u8) -> Self {
        self.confidence = confidence;
        self
    }
}

impl EdgeDraft {
    /// From one key to another.
    pub fn new(source: &str, target: &str) -> Self {
        Self { source: source.to_owned(), target: target.to_owned() }
    }
}

impl Origin {
    /// A file as a whole.
    pub fn file(path: &str) -> Self {
        Self { path: path.to_owned(), line: None }
    }

    /// A line of a file, from 1.
    pub fn line(path: &str, line: u32) -> Self {
        Self { path: path.to_owned(), line: Some(line) }
    }
}

impl Finding {
    /// Without it the import is of no use.
    pub fn error(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into(), hint.into())
    }

    /// Somebody should look.
    pub fn warning(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into(), hint.into())
    }

    fn new(severity: Severity, code: &str, message: String, hint: String) -> Self {
        Self { severity, code: code.to_owned(), field: String::new(), message, hint, origin: None }
    }

    /// Where it was read.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}
