//! Runs survive their process: the store stops at every commit of a run, and the next engine ends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::id::WorkflowId;
use kubeorch_core::kube::Cluster;
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::runs::{NodePhase, Options, Status, Values};
use kubeorch_core::secret::Secret;
use kubeorch_core::store::{Memory, Store};
use kubeorch_core::time::SystemClock;
use kubeorch_core::workflows::{New, Save, Status as WorkflowStatus};
use serde_json::{Value, json};

use crate::faults::{Cut, Workshop};
use crate::support::{account, graph};

const LIMIT: Duration = Duration::from_secs(20);
const NODES: usize = 50;

async fn engine(store: Arc<dyn Store>, cluster: Arc<dyn Cluster>) -> Engine {
    let builder = Engine::builder().plugins(Arc::new(Types::toys())).store(store).cluster("lab", cluster);
    // The store keeps the workflows of all rounds, whose clusters are gone.
    builder.drift(None).encryption_key(Secret::new("a key of this test")).build().await.unwrap()
}

/// Id, type and data.
type Node = (String, &'static str, Value);

/// Fifty nodes: settings, keys and what uses them.
fn nodes() -> (Vec<Node>, Vec<(String, String)>) {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for at in 0..NODES / 5 {
        let name = |kind: &str| format!("{kind}{at}");
        nodes.push((name("g"), "gadget", json!({ "name": name("g"), "settings": { "a": at.to_string() } })));
        let keys = json!([{ "name": "K", "generate": 24 }]);
        nodes.push((name("l"), "locket", json!({ "name": name("l"), "keys": keys })));
        for kind in ["w", "v"] {
            let data = json!({ "name": name(kind), "image": "widget:1", "replicas": 1, "port": 8080 });
            nodes.push((name(kind), "widget", data));
            edges.extend([(name("g"), name(kind)), (name("l"), name(kind))]);
        }
        nodes.push((name("d"), "doorbell", json!({ "name": name("w"), "port": 80 })));
        edges.push((name("d"), name("w")));
    }
    (nodes, edges)
}

async fn draw(engine: &Engine, ana: &Actor) -> WorkflowId {
    let new = New { name: "shop".into(), description: String::new(), cluster: "lab".into() };
    let id = engine.workflows().create(ana, new).await.unwrap().workflow.id;
    let (nodes, edges) = nodes();
    let nodes: Vec<_> = nodes.iter().map(|(id, kind, data)| (id.as_str(), *kind, data.clone())).collect();
    let edges: Vec<_> = edges.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let graph = graph(&nodes, &edges);
    let save = Save { nodes: graph.nodes, edges: graph.edges, ..Save::default() };
    engine.workflows().save(ana, id, save).await.unwrap();
    engine.workflows().set_status(ana, id, WorkflowStatus::Published).await.unwrap();
    id
}

/// One round: the process dies at a commit, the next one goes on. Answers whether the run ended before that, and how long
/// the next engine took until it was about to apply.
async fn round(store: &Arc<dyn Store>, ana: &Actor, commit: u64, lands: bool) -> (bool, Option<Duration>) {
    let cluster = Workshop::new();
    let id = draw(&engine(Arc::clone(store), cluster.clone()).await, ana).await;
    let label = json!({ "kubeorch.io/workflow-id": id.to_string() });
    for name in ["old-a", "old-b"] {
        let metadata = json!({ "name": name, "namespace": "default", "labels": label });
        cluster.fake.put(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata }));
    }
    let cut = Cut::after(store, commit, lands);
    let first = engine(cut.clone(), cluster.clone()).await;
    let begun = first.runs().start(ana, id, Values::default(), Options::default()).await;
    if let Ok(run) = &begun {
        let mut dead = cut.dead();
        tokio::select! {
            ended = first.runs().wait(ana, run.id, LIMIT) => assert!(ended.unwrap().status.ended()),
            _ = dead.wait_for(|dead| *dead) => {}
        }
    }
    first.shutdown().await;
    let ended = !*cut.dead().borrow();

    let started = Instant::now();
    let next = engine(Arc::clone(store), cluster.clone()).await;
    let Some(run) = next.runs().list(ana, id, 1).await.unwrap().pop() else {
        assert!(begun.is_err(), "commit {commit}: a run that was answered is forgotten");
        return (ended, None);
    };
    let mut took = None;
    if !run.status.ended() {
        let mut head = next.store().head();
        let goes_on = async {
            while next.runs().get(ana, run.id).await.unwrap().attempt == run.attempt {
                head.changed().await.unwrap();
            }
        };
        tokio::time::timeout(LIMIT, goes_on).await.expect("it goes on");
        took = Some(started.elapsed());
    }
    let run = next.runs().wait(ana, run.id, LIMIT).await.unwrap();
    assert_eq!((run.status, &run.error), (Status::Completed, &None), "commit {commit}: {:#?}", run.logs);
    assert_eq!(run.nodes.len(), NODES, "commit {commit}");
    let all = run.nodes.values().all(|node| node.status == NodePhase::Completed);
    assert!(all, "commit {commit}: {:#?}", run.nodes);
    let contents = cluster.contents.lock().clone();
    // A doorbell is a service, everything else one object a node.
    assert_eq!(contents.len(), NODES, "commit {commit}: forgotten, or nobody's: {:?}", contents.keys());
    for (key, contents) in &contents {
        assert_eq!(contents.len(), 1, "commit {commit}: {key} was applied with {contents:#?}");
    }
    // And the namespace; what left the graph is gone.
    assert_eq!(cluster.fake.objects().len(), NODES + 1, "commit {commit}");
    next.shutdown().await;
    (ended, took)
}

#[tokio::test]
async fn a_run_survives_the_death_of_its_process_at_every_commit() {
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(SystemClock)));
    let base = engine(Arc::clone(&store), Workshop::new()).await;
    let ana = account(&base, "ana@acme.test", None).await;
    let mut slowest = Duration::ZERO;
    let mut rounds = 0;
    for lands in [false, true] {
        for commit in 1.. {
            let (ended, took) = round(&store, &ana, commit, lands).await;
            slowest = slowest.max(took.unwrap_or_default());
            rounds += 1;
            if ended {
                break;
            }
        }
    }
    println!("{rounds} deaths of a run of {NODES} nodes; slowest to go on: {slowest:?}");
    assert!(rounds > 2 * NODES, "{rounds} rounds are not all commits of a run");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert_eq!(base.store().verify(&kubeorch_core::schema()).unwrap(), []);
}
