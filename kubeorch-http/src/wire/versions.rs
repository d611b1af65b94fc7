//! Versions (contract 2.5, 3.5, 6.5).

use kubeorch_core::graph as core_graph;
use kubeorch_core::page::Paged;
use kubeorch_core::versions as core;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Timestamp;
use super::graph::{Edge, Node, all};
use super::workflows::Workflow;
use crate::extract::Input;

/// An immutable snapshot of a workflow's graph.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Version {
    id: String,
    workflow_id: String,
    version: u64,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    description: String,
    created_at: Timestamp,
    /// Empty when the server made it.
    created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_from: Option<u64>,
    is_automatic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_status: Option<String>,
    /// Equal for equal graphs.
    content_hash: String,
}

impl From<core::Full> for Version {
    fn from(full: core::Full) -> Self {
        let version = full.version;
        Self {
            id: version.id.to_string(),
            workflow_id: version.workflow.to_string(),
            version: version.seq,
            nodes: all(full.graph.nodes),
            edges: all(full.graph.edges),
            name: version.name,
            tag: version.tag,
            description: version.description,
            created_at: version.created_at.into(),
            created_by: version.author.map(|id| id.to_string()).unwrap_or_default(),
            restored_from: version.restored_from,
            is_automatic: version.automatic,
            run_id: version.run.map(|id| id.to_string()),
            run_status: version.run_status,
            content_hash: version.content.to_string(),
        }
    }
}

/// A window on the versions, highest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct List {
    versions: Vec<Version>,
    total: usize,
    page: usize,
    limit: usize,
}

impl List {
    pub(crate) fn new(paged: Paged<core::Full>, page: usize, limit: usize) -> Self {
        Self { versions: all(paged.items), total: paged.total, page, limit }
    }
}

/// What a version is called; absent members stay as they are, an empty text clears one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct Label {
    name: Option<String>,
    tag: Option<String>,
    description: Option<String>,
}

impl Input for Label {}

impl From<Label> for core::Label {
    fn from(body: Label) -> Self {
        Self { name: body.name, tag: body.tag, description: body.description }
    }
}

/// A version and what was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Changed {
    pub(crate) message: &'static str,
    pub(crate) version: Version,
}

/// A restored version.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Restored {
    pub(crate) message: &'static str,
    /// The new version.
    pub(crate) version: Version,
    pub(crate) workflow: Workflow,
}
