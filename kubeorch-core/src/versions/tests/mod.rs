//! Contents as trees: what they cost, what they share, what is noticed, what a collection leaves.

mod collection;
mod cost;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;

use super::{Error, Label, Version, table};
use crate::engine::Host;
use crate::graph::{Edge, Graph, Node, Position};
use crate::id::{Ids, Raw, WorkflowId};
use crate::store::Schema;
use crate::store::verify::Fault;
use crate::store::{self, Batch, Db, Memory, Seq, Snapshot, Store};
use crate::time::{ManualClock, SeededEntropy};

/// A store in memory that keeps the batches it committed, and does something before the next commit when asked to.
struct Watched {
    inner: Memory,
    batches: Mutex<Vec<Batch>>,
    before: Mutex<Option<BoxFuture<'static, ()>>>,
}

#[async_trait]
impl Store for Watched {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, store::Error> {
        self.inner.snapshot()
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, store::Error> {
        let before = self.before.lock().take();
        if let Some(before) = before {
            before.await;
        }
        let copy = batch.clone();
        let done = self.inner.commit(batch).await?;
        self.batches.lock().push(copy);
        Ok(done)
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.inner.head()
    }
}

/// What the tests stand on.
#[derive(Clone)]
struct Bench {
    host: Host,
    store: Arc<Watched>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_767_225_600_000));
        let store = Arc::new(Watched {
            inner: Memory::new(clock.clone()),
            batches: Mutex::default(),
            before: Mutex::default(),
        });
        Self { host: host(Db::new(store.clone(), clock)), store }
    }

    async fn append(&self, workflow: u8, graph: &Graph) -> Version {
        append(&self.host, workflow, graph).await
    }

    /// The rows of the last commit, as `(table, key and value in bytes)`.
    fn written(&self) -> Vec<(&'static str, usize)> {
        let batches = self.store.batches.lock();
        let rows = batches.last().unwrap().writes.iter();
        rows.map(|it| (it.table.0, it.key.len() + it.value.as_ref().map_or(0, Vec::len))).collect()
    }

    /// All rows of contents' tables.
    fn rows(&self) -> BTreeMap<(&'static str, Vec<u8>), Vec<u8>> {
        let snapshot = self.store.snapshot().unwrap();
        let unbounded = std::ops::Bound::Unbounded;
        ["contents", "content_branches", "content_nodes", "content_edges"]
            .into_iter()
            .flat_map(|name| {
                let rows =
                    snapshot.range(store::Table(name), unbounded, unbounded, false, usize::MAX).unwrap();
                rows.into_iter().map(move |(key, value)| ((name, key), value))
            })
            .collect()
    }

    async fn set(&self, table: &'static str, key: &[u8], value: Option<Vec<u8>>) {
        let write = store::Write { table: store::Table(table), key: key.to_vec(), value };
        self.store.inner.commit(Batch { writes: vec![write], ..Batch::default() }).await.unwrap();
    }

    fn graph(&self, workflow: u8, seq: u64) -> Result<Graph, Error> {
        self.host.db.read(|reader| table::find(reader, id(workflow), seq)).map(|full| full.graph)
    }

    fn faults(&self) -> Vec<Fault> {
        faults(&self.host.db)
    }
}

fn host(db: Db) -> Host {
    let (clock, entropy) = (db.clock().clone(), Arc::new(SeededEntropy::new(7)));
    let ids = Arc::new(Ids::new(clock.clone(), entropy.clone()));
    Host { db, clock, entropy, ids, clusters: Arc::default() }
}

async fn append(host: &Host, workflow: u8, graph: &Graph) -> Version {
    let append = |tx: &mut store::Tx<'_>| {
        table::append(tx, host, id(workflow), graph, Label::default(), table::Origin::default())
    };
    host.db.write(append).await.unwrap().0
}

/// Removes a version unless it is the newest, and answers whether it did.
async fn remove(host: &Host, workflow: u8, seq: u64) -> bool {
    let remove = |tx: &mut store::Tx<'_>| {
        let newest = table::newest(tx, id(workflow))?.map(|version| version.seq);
        table::remove(tx, id(workflow), &[seq], |version| Some(version.seq) != newest)
    };
    host.db.write(remove).await.unwrap().0 > 0
}

fn faults(db: &Db) -> Vec<Fault> {
    db.verify(&super::records(Schema::default())).unwrap()
}

fn id(workflow: u8) -> WorkflowId {
    Raw::derived(&[&workflow.to_string()]).into()
}

/// A graph of `count` nodes with about 300 bytes of data each, and one edge to every node but the first.
fn big(count: usize, name: impl Fn(usize) -> String) -> Graph {
    let edge = |at: usize| Edge {
        id: format!("edge-{}-{}", name(at / 3), name(at)),
        source: name(at / 3),
        target: name(at),
        ..Edge::default()
    };
    Graph { nodes: (0..count).map(|at| node(name(at))).collect(), edges: (1..count).map(edge).collect() }
}

fn node(id: String) -> Node {
    let data = json!({
        "name": id, "namespace": "shop", "image": "registry.example/app:1", "replicas": 3, "port": 8080,
        "resources": { "requests": { "cpu": "100m", "memory": "128Mi" }, "limits": { "cpu": "1", "memory": "512Mi" } },
        "env": { "LOG_LEVEL": "info", "PEER": format!("http://{id}.shop.svc"), "FEATURES": "cart,search,checkout" },
    });
    let data = data.as_object().unwrap().clone();
    Node { id, kind: "deployment".to_owned(), position: Position { x: 120.0, y: -40.5 }, data }
}
