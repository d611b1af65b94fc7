//! A store that stops taking commits, and a cluster that remembers what was applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use async_trait::async_trait;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::kube::{
    Applied, ApplyOptions, Cluster, Counters, DeleteOptions, Deleted, Error, Head, Health, Scope, ServerInfo,
    WatchStream,
};
use kubeorch_core::manifest::{Key, Kind, Object};
use kubeorch_core::store::{self, Batch, Seq, Snapshot, Store};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;

/// A store whose process dies at a commit.
pub(crate) struct Cut {
    inner: Arc<dyn Store>,
    left: AtomicU64,
    /// Whether the last batch is still written, and only its answer lost.
    lands: bool,
    dead: watch::Sender<bool>,
}

impl Cut {
    /// Takes `left` commits; the one after them is the last that may land.
    pub(crate) fn after(inner: &Arc<dyn Store>, left: u64, lands: bool) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            left: AtomicU64::new(left),
            lands,
            dead: watch::channel(false).0,
        })
    }

    /// Becomes `true` with the first commit that it does not take.
    pub(crate) fn dead(&self) -> watch::Receiver<bool> {
        self.dead.subscribe()
    }
}

#[async_trait]
impl Store for Cut {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, store::Error> {
        self.inner.snapshot()
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, store::Error> {
        let dead = || {
            self.dead.send_replace(true);
            store::Error::Unavailable("the process died".into())
        };
        match self.left.try_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
            Err(_) => Err(dead()),
            Ok(1) if !self.lands => Err(dead()),
            Ok(1) => self.inner.commit(batch).await.and_then(|_| Err(dead())),
            Ok(_) => self.inner.commit(batch).await,
        }
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.inner.head()
    }
}

/// A fake cluster with a controller that makes every deployment ready, and a memory of what was applied.
pub(crate) struct Workshop {
    pub(crate) fake: Fake,
    /// Every content that an object was applied with.
    pub(crate) contents: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Workshop {
    pub(crate) fn new() -> Arc<Self> {
        let fake = Fake::new();
        fake.put(
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": json!({ "name": "default" }) }),
        );
        Arc::new(Self { fake, contents: Mutex::default() })
    }

    fn control(&self, key: &Key) {
        let Some(live) = self.fake.object(key).filter(|_| key.kind.kind == "Deployment") else { return };
        let mut live = live.into_value();
        live["status"] = json!({ "readyReplicas": live["spec"]["replicas"], "replicas": live["spec"]["replicas"],
            "availableReplicas": live["spec"]["replicas"], "updatedReplicas": live["spec"]["replicas"],
            "observedGeneration": live["metadata"]["generation"] });
        self.fake.put(live);
    }
}

#[async_trait]
impl Cluster for Workshop {
    async fn info(&self) -> Result<ServerInfo, Error> {
        self.fake.info().await
    }

    async fn namespaced(&self, kind: &Kind) -> Result<Option<bool>, Error> {
        self.fake.namespaced(kind).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Object>, Error> {
        self.fake.get(key).await
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Object>, Error> {
        self.fake.list(scope).await
    }

    async fn heads(&self, scope: &Scope) -> Result<Vec<Head>, Error> {
        self.fake.heads(scope).await
    }

    async fn apply(&self, object: &Object, options: &ApplyOptions) -> Result<Applied, Error> {
        let applied = self.fake.apply(object, options).await?;
        if !options.dry_run {
            let key = object.key();
            let content = serde_json::to_string(&object.to_value()).unwrap();
            self.contents.lock().entry(key.to_string()).or_default().insert(content);
            self.control(&key);
        }
        Ok(applied)
    }

    async fn delete(&self, key: &Key, options: &DeleteOptions) -> Result<Deleted, Error> {
        self.fake.delete(key, options).await
    }

    fn watch(&self, scope: &Scope) -> WatchStream {
        self.fake.watch(scope)
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.fake.health()
    }

    fn counters(&self) -> Counters {
        self.fake.counters()
    }
}
