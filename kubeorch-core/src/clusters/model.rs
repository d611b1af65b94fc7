//! A cluster as it is stored, and what goes in and out. Credentials never come out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, LogId, UserId};
use crate::kube::ServerInfo;
use crate::secret::Secret;
use crate::store::{Index, Indexes, Record, Table, rule};
use crate::time::Time;

/// What the last look at a cluster said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It answered an authenticated call.
    Connected,
    /// It did not answer.
    Disconnected,
    /// Nobody has looked yet.
    Unknown,
    /// It answered, and refused the credentials; or they cannot be used.
    Error,
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthType {
    /// A kubeconfig.
    Kubeconfig,
    /// A bearer token.
    Token,
    /// A service account's token.
    ServiceAccount,
}

impl AuthType {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Kubeconfig => "kubeconfig",
            Self::Token => "token",
            Self::ServiceAccount => "serviceaccount",
        }
    }
}

/// The stored record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) id: ClusterId,
    pub(crate) owner: UserId,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) server: String,
    pub(crate) auth_type: AuthType,
    /// Sealed, by member name.
    pub(crate) sealed: BTreeMap<String, String>,
    pub(crate) ca: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) single_node: bool,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) status: Status,
    pub(crate) last_check: Option<Time>,
    pub(crate) info: ServerInfo,
    pub(crate) info_at: Option<Time>,
    /// Rises with every change of the way in; connections of an older one are dropped.
    pub(crate) generation: u64,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// Clusters by owner and name.
pub(crate) const BY_NAME: Index<Cluster> = Index::unique("clusters_by_name");

impl Record for Cluster {
    const TABLE: Table = Table("clusters");
    const INDEXES: &'static [Index<Self>] = &[BY_NAME];
    type Key = ClusterId;

    fn key(&self) -> ClusterId {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_NAME, &(self.owner, self.name.clone()));
    }
}

/// An entry of a cluster's connection log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Identity.
    pub id: LogId,
    /// Which cluster.
    pub cluster: ClusterId,
    /// Who; `None` for the engine.
    pub user: Option<UserId>,
    /// `cluster_added`, `connection_test`, `credentials_updated`, …
    pub action: String,
    /// Whether it went well.
    pub success: bool,
    /// Why not.
    pub error: Option<String>,
    /// When.
    pub at: Time,
}

impl Record for LogEntry {
    const TABLE: Table = Table("cluster_logs");
    type Key = (ClusterId, LogId);

    fn key(&self) -> Self::Key {
        (self.cluster, self.id)
    }

    fn check(&self) -> Result<(), String> {
        rule(self.success == self.error.is_none(), "it went well with an error")
    }
}

/// A cluster as its users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Identity.
    pub id: ClusterId,
    /// A DNS label, unique per owner.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// URL of the API server.
    pub server: String,
    /// `kubeconfig`, `token`, `serviceaccount`, or `builtin`.
    pub auth_type: String,
    /// What the last look said.
    pub status: Status,
    /// Whether it is the caller's default.
    pub default: bool,
    /// Whether the control-plane taint should be removed.
    pub single_node: bool,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// What the last successful look learned.
    pub info: ServerInfo,
    /// When that was.
    pub info_at: Option<Time>,
    /// When somebody last looked.
    pub last_check: Option<Time>,
    /// Whether it comes with the server.
    pub built_in: bool,
}

/// A new cluster.
#[derive(Clone, Default)]
pub struct New {
    /// A DNS label.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// URL; for a kubeconfig the file's own wins.
    pub server: String,
    /// `kubeconfig`, `token` or `serviceaccount`.
    pub auth_type: String,
    /// How to sign in.
    pub credentials: CredentialsInput,
    /// Whether the control-plane taint should be removed.
    pub single_node: bool,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
}

/// Credentials as clients send them; absent or empty means: keep.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CredentialsInput {
    /// The YAML text.
    pub kubeconfig: Option<Secret>,
    /// A bearer token.
    pub token: Option<Secret>,
    /// PEM, or base64 of PEM.
    pub ca_data: Option<String>,
    /// A context of the kubeconfig.
    pub context: Option<String>,
    /// The default namespace.
    pub namespace: Option<String>,
    /// Skip the check of the server's certificate; always refused (contract 8.1, release rule).
    pub insecure: Option<bool>,
}

/// A change; `None` leaves a member as it is.
#[derive(Clone, Default)]
pub struct Change {
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// URL.
    pub server: Option<String>,
    /// Another way to sign in.
    pub auth_type: Option<String>,
    /// Merged member by member.
    pub credentials: Option<CredentialsInput>,
    /// Whether the control-plane taint should be removed.
    pub single_node: Option<bool>,
    /// Replaces all labels.
    pub labels: Option<BTreeMap<String, String>>,
}
