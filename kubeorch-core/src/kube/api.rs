//! What the engine asks of a cluster.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::Error;
use crate::manifest::{Key, Kind, Object};
use crate::secret::Secret;

/// One connected API server. Every call has a deadline of its own; cancelling a call is safe.
#[async_trait]
pub trait Cluster: Send + Sync + 'static {
    /// Version, platform and extent; needs valid credentials, not only a reachable server.
    async fn info(&self) -> Result<ServerInfo, Error>;

    /// Whether the kind is served, and whether it lives in a namespace; `None` when it is not served.
    async fn namespaced(&self, kind: &Kind) -> Result<Option<bool>, Error>;

    /// Reads an object; `None` when there is none.
    async fn get(&self, key: &Key) -> Result<Option<Object>, Error>;

    /// Lists objects; an unknown kind has none.
    async fn list(&self, scope: &Scope) -> Result<Vec<Object>, Error>;

    /// Server-side apply.
    async fn apply(&self, object: &Object, options: &ApplyOptions) -> Result<Applied, Error>;

    /// Deletes with background propagation; an absent object is a success and answers `false`.
    /// `uid` guards against deleting a successor of the same name.
    async fn delete(&self, key: &Key, uid: Option<&str>) -> Result<bool, Error>;

    /// Follows objects: first what is there, then [`Event::Synced`], then every change. The stream
    /// reconnects by itself and starts over with [`Event::Restarted`] when it lost its place. An error with
    /// [`Error::retry`] is news of an interruption: the stream goes on, and [`Event::Synced`] comes again once
    /// it is whole. Any other error (credentials that stopped
    /// working, a selector that is not one) is its last item; else it ends only when the caller drops it. A kind
    /// that is not served has no objects, until it is.
    fn watch(&self, scope: &Scope) -> WatchStream;
}

/// A stream of [`Event`]s.
pub type WatchStream = BoxStream<'static, Result<Event, Error>>;

/// Which objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Their kind.
    pub kind: Kind,
    /// One namespace, or all.
    pub namespace: Option<String>,
    /// Label selector as kubectl writes it; empty for all.
    pub labels: String,
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What was seen so far is void; the objects follow anew up to the next [`Event::Synced`].
    Restarted,
    /// The object is there, new or changed.
    Applied(Object),
    /// The object is gone; this was its last state.
    Deleted(Object),
    /// Everything that is there has been seen: after the start, a restart or an interruption.
    Synced,
}

/// How to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyOptions {
    /// The field manager; ours is `kubeorch`.
    pub manager: String,
    /// Take fields over from other managers.
    pub force: bool,
    /// Say what would happen, change nothing.
    pub dry_run: bool,
}

/// What an apply did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// There was none.
    Created,
    /// It changed.
    Updated,
    /// It was so already.
    Unchanged,
    /// It is gone.
    Deleted,
}

/// The object after an apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// As the server answered it.
    pub object: Object,
    /// What happened, by comparing resource versions before and after.
    pub operation: Operation,
}

/// What a connection test learns.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerInfo {
    /// `v1.33.1`.
    pub version: String,
    /// `linux/amd64`.
    pub platform: String,
    /// From node labels or provider ids; may be empty.
    pub provider: String,
    /// From node labels; may be empty.
    pub region: String,
    /// How many nodes.
    pub node_count: u64,
    /// Summed quantity.
    pub cpu_capacity: String,
    /// Summed quantity.
    pub memory_capacity: String,
    /// Names.
    pub storage_classes: Vec<String>,
    /// Names.
    pub namespaces: Vec<String>,
    /// What is installed, for instance `metrics-server`.
    pub capabilities: Vec<String>,
}

/// Where a cluster is and how to sign in.
#[derive(Clone)]
pub struct Endpoint {
    /// URL of the API server; for a kubeconfig the file's own wins.
    pub server: String,
    /// How to sign in.
    pub credentials: Credentials,
    /// Certificate authority: PEM, or base64 of PEM.
    pub ca: Option<String>,
    /// Skip the check of the server's certificate. The caller has asked the policy.
    pub insecure: bool,
}

/// How to sign in.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A kubeconfig's text; programs and file references in it are refused.
    Kubeconfig {
        /// The YAML text.
        text: Secret,
        /// A context's name; the file's current one when absent.
        context: Option<String>,
    },
    /// A bearer token.
    Token(Secret),
    /// A client certificate; both parts PEM, or base64 of PEM.
    Certificate {
        /// The certificate, with its chain.
        certificate: Secret,
        /// The private key.
        key: Secret,
    },
}

/// Makes connections.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// Checks the credentials' form and prepares a client; makes no call to the server.
    async fn connect(&self, endpoint: &Endpoint) -> Result<Arc<dyn Cluster>, Error>;
}
