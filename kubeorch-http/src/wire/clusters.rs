//! Clusters (contract 2.6, 3.7). Credentials go in and never come out.

use std::collections::BTreeMap;

use kubeorch_core::clusters as core;
use kubeorch_core::secret::Secret;
use kubeorch_core::time::Time;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::graph::all;
use crate::extract::Input;

/// Stands for a time that never was; contract 1.8 keeps it for this member alone.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// A stored status older than this may be wrong (contract 2.6).
const STALE_AFTER_MS: i64 = 120_000;

/// A cluster.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cluster {
    id: String,
    name: String,
    display_name: String,
    description: String,
    server: String,
    /// `kubeconfig`, `token`, `serviceaccount`; `builtin` for one that comes with the server.
    auth_type: String,
    status: Status,
    default: bool,
    single_node: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    metadata: Metadata,
}

/// What the last look said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ClusterStatus)]
pub(crate) enum Status {
    Connected,
    Disconnected,
    Unknown,
    Error,
}

impl From<core::Status> for Status {
    fn from(status: core::Status) -> Self {
        match status {
            core::Status::Connected => Self::Connected,
            core::Status::Disconnected => Self::Disconnected,
            core::Status::Unknown => Self::Unknown,
            core::Status::Error => Self::Error,
        }
    }
}

/// What the last successful look learned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterMetadata)]
pub(crate) struct Metadata {
    version: String,
    platform: String,
    provider: String,
    region: String,
    node_count: u64,
    cpu_capacity: String,
    memory_capacity: String,
    storage_classes: Vec<String>,
    namespaces: Vec<String>,
    capabilities: Vec<String>,
    /// `0001-01-01T00:00:00Z` when nobody has looked yet.
    #[schema(format = DateTime)]
    last_updated: String,
}

impl Metadata {
    pub(crate) fn of(view: core::View) -> Self {
        let info = view.info;
        Self {
            version: info.version,
            platform: info.platform,
            provider: info.provider,
            region: info.region,
            node_count: info.node_count,
            cpu_capacity: info.cpu_capacity,
            memory_capacity: info.memory_capacity,
            storage_classes: info.storage_classes,
            namespaces: info.namespaces,
            capabilities: info.capabilities,
            last_updated: view.info_at.map_or_else(|| NEVER.to_owned(), |at| at.to_string()),
        }
    }
}

impl From<core::View> for Cluster {
    fn from(mut view: core::View) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name.clone(),
            display_name: std::mem::take(&mut view.display_name),
            description: std::mem::take(&mut view.description),
            server: std::mem::take(&mut view.server),
            auth_type: std::mem::take(&mut view.auth_type),
            status: view.status.into(),
            default: view.default,
            single_node: view.single_node,
            labels: std::mem::take(&mut view.labels),
            metadata: Metadata::of(view),
        }
    }
}

/// The caller's clusters.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterList)]
pub(crate) struct List {
    clusters: Vec<Cluster>,
    /// The id of the default one, or empty.
    default: String,
}

impl From<Vec<core::View>> for List {
    fn from(views: Vec<core::View>) -> Self {
        let default = views.iter().find(|view| view.default).map(|view| view.id.to_string());
        Self { clusters: all(views), default: default.unwrap_or_default() }
    }
}

/// How to sign in to a cluster; on a change, absent or empty members stay as they are.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterCredentials)]
pub(crate) struct Credentials {
    /// YAML text.
    #[schema(value_type = Option<String>)]
    kubeconfig: Option<Secret>,
    /// A bearer token.
    #[schema(value_type = Option<String>)]
    token: Option<Secret>,
    /// PEM, or base64 of PEM.
    ca_data: Option<String>,
    /// A context of the kubeconfig.
    context: Option<String>,
    /// The default namespace.
    namespace: Option<String>,
    /// Skip the check of the server's certificate; refused.
    insecure: Option<bool>,
}

impl From<Credentials> for core::CredentialsInput {
    fn from(body: Credentials) -> Self {
        Self {
            kubeconfig: body.kubeconfig,
            token: body.token,
            ca_data: body.ca_data,
            context: body.context,
            namespace: body.namespace,
            insecure: body.insecure,
        }
    }
}

/// A new cluster.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterCreate)]
pub(crate) struct Create {
    /// A DNS label, unique per owner.
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    description: String,
    /// URL of the API server; for a kubeconfig the file's own wins.
    #[serde(default)]
    server: String,
    /// `kubeconfig`, `token` or `serviceaccount`.
    auth_type: String,
    credentials: Credentials,
    #[serde(default)]
    single_node: bool,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

impl Input for Create {
    const REFUSAL: &'static str = "Invalid request body";
}

impl From<Create> for core::New {
    fn from(body: Create) -> Self {
        Self {
            name: body.name,
            display_name: body.display_name,
            description: body.description,
            server: body.server,
            auth_type: body.auth_type,
            credentials: body.credentials.into(),
            single_node: body.single_node,
            labels: body.labels,
        }
    }
}

/// A change; absent members stay as they are.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterUpdate)]
pub(crate) struct Update {
    display_name: Option<String>,
    description: Option<String>,
    server: Option<String>,
    /// Empty leaves it.
    auth_type: Option<String>,
    /// Merged member by member.
    credentials: Option<Credentials>,
    single_node: Option<bool>,
    /// The same as `credentials.insecure`.
    insecure: Option<bool>,
    /// Replaces all labels.
    labels: Option<BTreeMap<String, String>>,
}

impl Input for Update {
    const REFUSAL: &'static str = "Invalid request body";
}

impl From<Update> for core::Change {
    fn from(body: Update) -> Self {
        let mut credentials: Option<core::CredentialsInput> = body.credentials.map(Into::into);
        if body.insecure.is_some() {
            credentials.get_or_insert_default().insecure = body.insecure;
        }
        Self {
            display_name: body.display_name,
            description: body.description,
            server: body.server,
            auth_type: body.auth_type,
            credentials,
            single_node: body.single_node,
            labels: body.labels,
        }
    }
}

/// New credentials.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ClusterUpdateCredentials)]
pub(crate) struct UpdateCredentials {
    pub(crate) credentials: Credentials,
}

impl Input for UpdateCredentials {
    const REFUSAL: &'static str = "Invalid request body";
}

/// A cluster that was just added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterAdded)]
pub(crate) struct Added {
    message: &'static str,
    cluster: Cluster,
    /// The same as in `cluster`.
    status: Status,
}

impl From<core::View> for Added {
    fn from(view: core::View) -> Self {
        let status = view.status.into();
        Self { message: "Cluster added successfully", cluster: view.into(), status }
    }
}

/// A changed cluster.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterChanged)]
pub(crate) struct Changed {
    pub(crate) message: &'static str,
    pub(crate) cluster: Cluster,
}

/// What was done to which cluster.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterNamed)]
pub(crate) struct Named {
    pub(crate) message: &'static str,
    /// Its name.
    pub(crate) cluster: String,
}

/// A connection test that went well.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterTested)]
pub(crate) struct Tested {
    message: &'static str,
    cluster: String,
    status: Status,
}

impl Tested {
    pub(crate) fn well(cluster: String) -> Self {
        Self { message: "Connection test successful", cluster, status: Status::Connected }
    }
}

/// Fresh metadata.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterRefreshed)]
pub(crate) struct Refreshed {
    message: &'static str,
    metadata: Metadata,
}

impl From<core::View> for Refreshed {
    fn from(view: core::View) -> Self {
        Self { message: "Metadata refreshed successfully", metadata: Metadata::of(view) }
    }
}

/// The stored status.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterStatusView)]
pub(crate) struct StatusView {
    cluster: String,
    status: Status,
    /// `null` when nobody has looked yet.
    last_check: Option<Timestamp>,
    /// Whether the last look is older than two minutes.
    is_stale: bool,
    is_online: bool,
}

impl StatusView {
    pub(crate) fn new(view: core::View, now: Time) -> Self {
        let fresh = |at: Time| now.as_millis().saturating_sub(at.as_millis()) <= STALE_AFTER_MS;
        Self {
            cluster: view.name,
            status: view.status.into(),
            is_stale: !view.built_in && !view.last_check.is_some_and(fresh),
            last_check: view.last_check.map(Into::into),
            is_online: view.status == core::Status::Connected,
        }
    }
}

/// A cluster's connection log, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClusterLogs)]
pub(crate) struct Logs {
    cluster: String,
    logs: Vec<LogEntry>,
}

impl Logs {
    pub(crate) fn new(cluster: String, entries: Vec<core::LogEntry>) -> Self {
        Self { cluster, logs: all(entries) }
    }
}

/// An entry of a connection log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterLogEntry)]
pub(crate) struct LogEntry {
    id: String,
    cluster_id: String,
    /// Empty when the server acted.
    user_id: String,
    /// `cluster_added`, `connection_test`, …
    action: String,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    timestamp: Timestamp,
}

impl From<core::LogEntry> for LogEntry {
    fn from(entry: core::LogEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            cluster_id: entry.cluster.to_string(),
            user_id: entry.user.map(|id| id.to_string()).unwrap_or_default(),
            action: entry.action,
            success: entry.success,
            error: entry.error,
            timestamp: entry.at.into(),
        }
    }
}
