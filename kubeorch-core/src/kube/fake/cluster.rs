//! The fake itself.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::state::{Call, State, Verb, Watcher};
use crate::kube::{
    Applied, ApplyOptions, Cluster, Counters, DeleteOptions, Deleted, Error, Event, Head, Health, Known,
    Operation, Scope, ServerInfo, WatchStream,
};
use crate::manifest::{Key, Kind, Object};

/// An in-memory [`Cluster`]. Clones are one cluster.
#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State>>,
}

/// Kinds without a namespace; [`Fake::cluster_scoped`] adds more.
const CLUSTER_SCOPED: &[&str] = &[
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
];

impl Default for Fake {
    fn default() -> Self {
        Self::new()
    }
}

impl Fake {
    /// An empty cluster that serves every kind.
    pub fn new() -> Self {
        let cluster_scoped = CLUSTER_SCOPED.iter().map(|kind| (*kind).to_owned()).collect();
        let info = ServerInfo { version: "v1.33.0".to_owned(), ..ServerInfo::default() };
        Self { state: Arc::new(Mutex::new(State::new(info, cluster_scoped))) }
    }

    /// Sets what [`Cluster::info`] answers.
    pub fn set_info(&self, info: ServerInfo) {
        self.state.lock().info = info;
    }

    /// Makes a kind one that the cluster does not serve.
    pub fn without(&self, kind: Kind) {
        self.state.lock().absent.insert(kind);
    }

    /// Serves a kind again, as after its definition was applied.
    pub fn serve(&self, kind: &Kind) {
        self.state.lock().absent.remove(kind);
    }

    /// Makes a kind one without a namespace.
    pub fn cluster_scoped(&self, kind: &str) {
        self.state.lock().cluster_scoped.insert(kind.to_owned());
    }

    /// Creates or replaces a live object, as a controller or another user would. Panics on what is no object.
    pub fn put(&self, object: Value) -> Object {
        let object = Object::new(object).expect("a live object has a kind and a name");
        self.state.lock().put(object)
    }

    /// Deletes a live object behind the back of the code under test.
    pub fn remove(&self, key: &Key) -> bool {
        self.state.lock().remove(key)
    }

    /// A live object.
    pub fn object(&self, key: &Key) -> Option<Object> {
        self.state.lock().get(key).cloned()
    }

    /// All live objects, by group, kind, namespace and name.
    pub fn objects(&self) -> Vec<Object> {
        self.state.lock().objects().cloned().collect()
    }

    /// Lets the next call of this verb on this target fail; queued when called more than once. The target is that
    /// of [`Call`]; empty for any.
    pub fn fail(&self, verb: Verb, target: &str, error: Error) {
        self.state.lock().script.push_back((verb, target.to_owned(), error));
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().calls.clone()
    }

    /// The targets of one verb's calls, in order.
    pub fn called(&self, verb: Verb) -> Vec<String> {
        let state = self.state.lock();
        state.calls.iter().filter(|call| call.verb == verb).map(|call| call.target.clone()).collect()
    }

    /// Sets what [`Cluster::health`] tells; by itself it is unknown.
    pub fn set_health(&self, health: Health) {
        self.state.lock().health.send_replace(health);
    }

    /// How many watches are open.
    pub fn watches(&self) -> usize {
        self.state.lock().watchers.iter().filter(|watcher| !watcher.send.is_closed()).count()
    }

    /// Lets every watch lose its place: it starts over with what is there now.
    pub fn restart_watches(&self) {
        let state = self.state.lock();
        for watcher in &state.watchers {
            let _ = watcher.send.send(Ok(Event::Restarted));
            send_all(&state, watcher);
        }
    }

    /// Sends an error to every watch; one that no waiting mends ends it.
    pub fn disturb_watches(&self, error: &Error) {
        let mut state = self.state.lock();
        for watcher in &state.watchers {
            let _ = watcher.send.send(Err(error.clone()));
        }
        if !error.retry() {
            state.watchers.clear();
        }
    }

    /// Lets every watch be whole again after [`Self::disturb_watches`].
    pub fn resume_watches(&self) {
        for watcher in &self.state.lock().watchers {
            let _ = watcher.send.send(Ok(Event::Synced));
        }
    }
}

/// Whether a caller with this knowledge can tell that nothing changed.
fn told(options: &ApplyOptions, after: &Object) -> bool {
    match &options.known {
        None => true,
        Some(Known::Absent) => false,
        Some(Known::At(version)) => !options.dry_run && after.resource_version() == Some(version),
    }
}

/// Everything in the scope, then the end mark. A receiver that is gone has nobody to tell.
fn send_all(state: &State, watcher: &Watcher) {
    for object in state.list(&watcher.scope) {
        let _ = watcher.send.send(Ok(Event::Applied(object)));
    }
    let _ = watcher.send.send(Ok(Event::Synced));
}

#[async_trait]
impl Cluster for Fake {
    async fn info(&self) -> Result<ServerInfo, Error> {
        let mut state = self.state.lock();
        state.enter(Verb::Info, String::new())?;
        Ok(state.info.clone())
    }

    async fn namespaced(&self, kind: &Kind) -> Result<Option<bool>, Error> {
        let state = self.state.lock();
        Ok((!state.absent.contains(kind)).then(|| !state.cluster_scoped.contains(&kind.kind)))
    }

    async fn get(&self, key: &Key) -> Result<Option<Object>, Error> {
        let mut state = self.state.lock();
        state.enter(Verb::Get, key.to_string())?;
        Ok(state.get(key).cloned())
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Object>, Error> {
        let mut state = self.state.lock();
        state.enter(Verb::List, scope.kind.kind.clone())?;
        Ok(state.list(scope))
    }

    async fn heads(&self, scope: &Scope) -> Result<Vec<Head>, Error> {
        let mut state = self.state.lock();
        state.enter(Verb::Heads, scope.kind.kind.clone())?;
        Ok(state.list(scope).iter().map(|object| state.head(object)).collect())
    }

    async fn apply(&self, object: &Object, options: &ApplyOptions) -> Result<Applied, Error> {
        let mut state = self.state.lock();
        let verb = if options.dry_run { Verb::DryRun } else { Verb::Apply };
        state.enter(verb, object.key().to_string())?;
        let kind = object.kind();
        if state.absent.contains(&kind) {
            return Err(Error::UnknownKind(format!("{} {}", kind.api_version, kind.kind)));
        }
        let (object, mut operation) = state.apply(object, &options.manager, options.dry_run);
        if operation == Operation::Unchanged && !told(options, &object) {
            operation = Operation::Updated;
        }
        Ok(Applied { object, operation })
    }

    async fn delete(&self, key: &Key, options: &DeleteOptions) -> Result<Deleted, Error> {
        let mut state = self.state.lock();
        state.enter(Verb::Delete, key.to_string())?;
        let meant = |object: &Object| options.uid.as_deref().is_none_or(|uid| object.uid() == Some(uid));
        let found = state.get(key).is_some_and(meant) && (options.dry_run || state.remove(key));
        Ok(Deleted { found, pending: false })
    }

    fn watch(&self, scope: &Scope) -> WatchStream {
        let mut state = self.state.lock();
        let (send, receive) = mpsc::unbounded_channel();
        let watcher = Watcher { scope: scope.clone(), send };
        match state.enter(Verb::Watch, scope.kind.kind.clone()) {
            Ok(()) => {
                send_all(&state, &watcher);
                state.watchers.push(watcher);
            }
            Err(error) => {
                let retry = error.retry();
                let _ = watcher.send.send(Err(error));
                if retry {
                    send_all(&state, &watcher);
                    state.watchers.push(watcher);
                }
            }
        }
        stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) }).boxed()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.state.lock().health.subscribe()
    }

    fn counters(&self) -> Counters {
        Counters { calls: self.state.lock().calls.len() as u64, ..Counters::default() }
    }
}
