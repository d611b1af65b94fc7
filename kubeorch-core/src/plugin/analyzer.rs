//! The payloads of the `import-analyzer` interface (see the SDK's WIT for the authority on each member).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PluginInfo;
use crate::error::Finding;

/// What an analyzer is and which files it cares about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Who it is.
    pub plugin: PluginInfo,
    /// Patterns of the files that it reads, as [`glob`](super::source::Pattern) takes them.
    #[serde(default)]
    pub files: Vec<String>,
}

/// Asks where in a tree an analyzer has something to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectRequest {}

/// Where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// The places, the surest first where the plugin cares.
    #[serde(default)]
    pub places: Vec<Place>,
}

/// A folder that an analyzer can make nodes of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The folder's path; empty for the whole tree.
    #[serde(default)]
    pub root: String,
    /// What it is, in the analyzer's own words.
    pub kind: String,
    /// How sure it is, 0 to 100.
    #[serde(default)]
    pub confidence: u8,
    /// Why, for people.
    #[serde(default)]
    pub reason: String,
}

/// Asks for the nodes of a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeRequest {
    /// One that `detect` named.
    pub place: PlaceRef,
    /// What the user chose.
    #[serde(default)]
    pub options: Map<String, Value>,
}

/// What identifies a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceRef {
    /// See [`Place::root`].
    #[serde(default)]
    pub root: String,
    /// See [`Place::kind`].
    pub kind: String,
}

/// What a place would deploy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Analysis {
    /// Drafts of nodes.
    pub nodes: Vec<NodeDraft>,
    /// Drafts of edges between them.
    pub edges: Vec<EdgeDraft>,
    /// What it could not take over, and what to look at.
    pub findings: Vec<Remark>,
}

/// A node that is proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeDraft {
    /// Unique in the analysis; edges name it.
    pub key: String,
    /// The node type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// Where it was read from.
    pub origin: Origin,
    /// How sure the analyzer is, 0 to 100.
    #[serde(default)]
    pub confidence: u8,
}

/// An edge that is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeDraft {
    /// The key of a node.
    pub source: String,
    /// The key of a node.
    pub target: String,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file.
    pub path: String,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A finding about the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}
