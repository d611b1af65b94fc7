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
// The member is the contract's.
#[allow(clippy::struct_field_names)]
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
#[schema(as = VersionList)]
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
#[schema(as = VersionLabel)]
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
#[schema(as = VersionChanged)]
pub(crate) struct Changed {
    pub(crate) message: &'static str,
    pub(crate) version: Version,
}

/// A restored version.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = VersionRestored)]
pub(crate) struct Restored {
    pub(crate) message: &'static str,
    /// The new version.
    pub(crate) version: Version,
    pub(crate) workflow: Workflow,
}

/// What changed from one version to another.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = VersionComparison)]
pub(crate) struct Comparison {
    from_version: u64,
    to_version: u64,
    added_nodes: Vec<NodeChange>,
    removed_nodes: Vec<NodeChange>,
    modified_nodes: Vec<NodeChange>,
    /// Nodes that only lie elsewhere, by id.
    moved_nodes: Vec<String>,
    /// A changed edge is removed and added.
    added_edges: Vec<EdgeChange>,
    removed_edges: Vec<EdgeChange>,
}

/// A node that differs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NodeChange {
    node_id: String,
    #[serde(rename = "type")]
    kind: String,
    /// The whole data before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    old_data: Option<Map<String, Value>>,
    /// The whole data after.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    new_data: Option<Map<String, Value>>,
    /// The members that differ, of modified nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<MemberChange>,
}

/// A member of a node's data that differs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberChange {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Value>,
}

/// An edge that differs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EdgeChange {
    #[serde(rename = "edge_id")]
    edge_id: String,
    source: String,
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_handle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_handle: Option<String>,
}

impl From<core::Comparison> for Comparison {
    fn from(compared: core::Comparison) -> Self {
        let diff = compared.diff();
        Self {
            from_version: compared.from.version.seq,
            to_version: compared.to.version.seq,
            added_nodes: diff.added_nodes.iter().map(|node| NodeChange::of(None, Some(node))).collect(),
            removed_nodes: diff.removed_nodes.iter().map(|node| NodeChange::of(Some(node), None)).collect(),
            modified_nodes: diff.modified_nodes.iter().map(NodeChange::from).collect(),
            moved_nodes: diff.moved_nodes.iter().map(|moved| moved.new.id.clone()).collect(),
            added_edges: diff.added_edges.iter().map(|edge| EdgeChange::from(*edge)).collect(),
            removed_edges: diff.removed_edges.iter().map(|edge| EdgeChange::from(*edge)).collect(),
        }
    }
}

impl NodeChange {
    fn of(old: Option<&core_graph::Node>, new: Option<&core_graph::Node>) -> Self {
        let named = new.or(old);
        Self {
            node_id: named.map(|node| node.id.clone()).unwrap_or_default(),
            kind: named.map(|node| node.kind.clone()).unwrap_or_default(),
            old_data: old.map(|node| node.data.clone()),
            new_data: new.map(|node| node.data.clone()),
            changes: Vec::new(),
        }
    }
}

impl From<&core_graph::Modified<'_>> for NodeChange {
    fn from(modified: &core_graph::Modified<'_>) -> Self {
        let changes = modified.changes.iter().map(|change| MemberChange {
            path: change.path.to_string(),
            old: change.old.cloned(),
            new: change.new.cloned(),
        });
        Self { changes: changes.collect(), ..Self::of(Some(modified.old), Some(modified.new)) }
    }
}

impl From<&core_graph::Edge> for EdgeChange {
    fn from(edge: &core_graph::Edge) -> Self {
        Self {
            edge_id: edge.id.clone(),
            source: edge.source.clone(),
            target: edge.target.clone(),
            source_handle: edge.source_handle.clone(),
            target_handle: edge.target_handle.clone(),
        }
    }
}
