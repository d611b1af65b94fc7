//! What the engine asks of a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use super::{Counters, Error, Health};
use crate::manifest::{Key, Kind, Object};
use crate::secret::Secret;

/// One connected API server. Every call has a deadline of its own; cancelling a call is safe.
#[async_trait]
pub trait Cluster: Send + Sync + 'static {
    /// Version, platform and extent; needs valid credentials, not only a reachable server. Asks a server that is
    /// taken for dead, too.
    async fn info(&self) -> Result<ServerInfo, Error>;

    /// Whether the kind is served, and whether it lives in a namespace; `None` when it is not served.
    async fn namespaced(&self, kind: &Kind) -> Result<Option<bool>, Error>;

    /// Reads an object; `None` when there is none.
    async fn get(&self, key: &Key) -> Result<Option<Object>, Error>;

    /// Lists objects; an unknown kind has none.
    async fn list(&self, scope: &Scope) -> Result<Vec<Object>, Error>;

    /// Lists what is known of objects without their content: a small part of what [`Self::list`] moves. An
    /// unknown kind has none.
    async fn heads(&self, scope: &Scope) -> Result<Vec<Head>, Error>;

    /// Server-side apply. One request where [`ApplyOptions::known`] says what is there, else two.
    async fn apply(&self, object: &Object, options: &ApplyOptions) -> Result<Applied, Error>;

    /// Deletes; that nothing is there is a success too.
    async fn delete(&self, key: &Key, options: &DeleteOptions) -> Result<Deleted, Error>;

    /// Follows objects: first what is there, then [`Event::Synced`], then every change. The stream
    /// reconnects by itself and starts over with [`Event::Restarted`] when it lost its place. An error with
    /// [`Error::retry`] is news of an interruption: the stream goes on, and [`Event::Synced`] comes again once
    /// it is whole. Any other error (credentials that stopped
    /// working, a selector that is not one) is its last item; else it ends only when the caller drops it. A kind
    /// that is not served has no objects, until it is.
    fn watch(&self, scope: &Scope) -> WatchStream;

    /// Whether the server answers, as the calls so far and the probes of a dead one see it. The receiver lasts as
    /// long as this connection.
    fn health(&self) -> watch::Receiver<Health>;

    /// What became of the requests so far.
    fn counters(&self) -> Counters;
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

/// An object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which object.
    pub key: Key,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// Who owns fields of it, each once, in order.
    pub managers: Vec<String>,
    /// Whether another object made it and sees to it (an owner reference with `controller: true`).
    pub controlled: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
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
    /// What the caller knows of the object; without it the object is read first, to tell what happened.
    pub known: Option<Known>,
}

/// As `kubeorch`, without force, for real, with the object read before.
impl Default for ApplyOptions {
    fn default() -> Self {
        Self { manager: "kubeorch".to_owned(), force: false, dry_run: false, known: None }
    }
}

/// What a caller knows of an object before it applies. It guards nothing: an object that changed since is applied
/// all the same, and [`Applied::operation`] then is [`Operation::Updated`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// There is none.
    Absent,
    /// It is there with this `resourceVersion`. A dry run stores no version that could be compared, so its
    /// [`Applied::operation`] is [`Operation::Updated`] and the caller compares the objects.
    At(String),
}

/// How to delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Only the object with this uid, never a successor of the same name.
    pub uid: Option<String>,
    /// What becomes of the objects that it owns.
    pub propagation: Propagation,
    /// Say what would happen, change nothing.
    pub dry_run: bool,
}

impl DeleteOptions {
    /// Of this very object, the others as the defaults.
    pub fn of(object: &Object) -> Self {
        Self { uid: object.uid().map(str::to_owned), ..Self::default() }
    }
}

/// What becomes of the objects that a deleted one owns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They go after it.
    #[default]
    Background,
    /// They go before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// What a delete met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// The object was there. Of another uid than the one asked for counts as absent.
    pub found: bool,
    /// It is on its way out but not gone: finalizers, dependents or a grace period hold it.
    pub pending: bool,
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
    /// What happened, by the status of the answer and the resource versions before and after.
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
