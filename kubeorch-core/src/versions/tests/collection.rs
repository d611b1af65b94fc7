//! A collection removes all that no version reaches and nothing else, whatever happens meanwhile.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::super::collect::{BATCH, Collected, Plan, collect};
use super::super::{content, table};
use super::{Bench, append, big, faults, host, id, remove};
use crate::graph::Graph;
use crate::store::Db;

fn graph(count: usize, edit: usize) -> Graph {
    let mut graph = big(count, |at| format!("n{at}"));
    if let Some(node) = graph.nodes.get_mut(edit) {
        node.data.insert("image".to_owned(), json!(format!("registry.example/app:{edit}")));
    }
    graph
}

/// The rows that a store has in which only these graphs were ever appended.
async fn needed(graphs: impl IntoIterator<Item = &Graph>) -> Bench {
    let bench = Bench::new();
    for graph in graphs {
        bench.append(1, graph).await;
    }
    bench
}

impl Bench {
    async fn remove(&self, workflow: u8, seq: u64) -> bool {
        remove(&self.host, workflow, seq).await
    }

    async fn collect(&self) -> Collected {
        collect(&self.host.db).await.unwrap()
    }

    /// Does something right before the next commit.
    fn before_commit(&self, hook: impl Future<Output = ()> + Send + 'static) {
        *self.store.before.lock() = Some(Box::pin(hook));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(u8, usize, usize),
    Remove(u8, u64),
    Plan,
    Update,
    Sweep,
    Collect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1u8..3, 0usize..60, 0usize..4).prop_map(|(workflow, count, edit)| Step::Append(workflow, count, edit)),
        4 => (1u8..3, 1u64..9).prop_map(|(workflow, seq)| Step::Remove(workflow, seq)),
        2 => Just(Step::Plan),
        1 => Just(Step::Update),
        3 => Just(Step::Sweep),
        1 => Just(Step::Collect),
    ];
    proptest::collection::vec(step, 1..24)
}

async fn play(steps: Vec<Step>) {
    let bench = Bench::new();
    let db = &bench.host.db;
    let mut kept: BTreeMap<(u8, u64), Graph> = BTreeMap::new();
    let mut plan = None;
    for step in steps {
        match step {
            Step::Append(workflow, count, edit) => {
                let graph = graph(count, edit);
                let seq = bench.append(workflow, &graph).await.seq;
                kept.insert((workflow, seq), graph);
            }
            Step::Remove(workflow, seq) => {
                if bench.remove(workflow, seq).await {
                    assert!(kept.remove(&(workflow, seq)).is_some());
                }
            }
            Step::Plan => plan = Some(db.read(Plan::make).unwrap()),
            Step::Update => {
                if let Some(plan) = &mut plan {
                    db.read(|reader| plan.update(reader)).unwrap();
                }
            }
            Step::Sweep => {
                if let Some(plan) = &plan {
                    db.write(|tx| plan.sweep(tx, 20)).await.unwrap();
                }
            }
            Step::Collect => drop(bench.collect().await),
        }
        assert_eq!(bench.faults(), []);
    }
    for ((workflow, seq), graph) in &kept {
        assert_eq!(bench.graph(*workflow, *seq).unwrap(), *graph);
    }
    assert!(bench.collect().await.complete);
    assert_eq!(bench.rows(), needed(kept.values()).await.rows());
    assert_eq!(bench.faults(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn collections_leave_exactly_what_versions_reach(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(play(steps));
    }
}

#[tokio::test]
async fn much_garbage_goes_in_small_transactions() {
    let bench = Bench::new();
    bench.append(1, &graph(1_600, 0)).await;
    bench.append(1, &graph(10, 0)).await;
    assert!(bench.remove(1, 1).await);
    let before = bench.rows().len();
    bench.store.batches.lock().clear();
    let done = bench.collect().await;
    assert_eq!(done, Collected { rows: before - bench.rows().len(), complete: true });
    assert_eq!(bench.rows(), needed([&graph(10, 0)]).await.rows());
    let sizes: Vec<_> = bench.store.batches.lock().iter().map(|batch| batch.writes.len()).collect();
    assert!(sizes.len() >= 3 && sizes.iter().all(|size| *size <= BATCH), "{sizes:?}");
    assert_eq!(bench.collect().await, Collected { rows: 0, complete: true });
}

/// The store between two transactions of a collection is as sound as any: a crash there loses nothing.
#[tokio::test]
async fn an_append_halfway_takes_what_is_left() {
    for again in [graph(120, 0), graph(120, 7), graph(90, 0)] {
        for sweeps in 0..12 {
            let bench = Bench::new();
            bench.append(1, &graph(120, 0)).await;
            bench.append(1, &graph(10, 0)).await;
            assert!(bench.remove(1, 1).await);
            for _ in 0..sweeps {
                let plan = bench.host.db.read(Plan::make).unwrap();
                let swept = bench.host.db.write(|tx| plan.sweep(tx, 15)).await.unwrap().0;
                assert_eq!(swept, Some(15));
            }
            let plan = bench.host.db.read(Plan::make).unwrap();
            bench.append(1, &again).await;
            assert_eq!(bench.host.db.write(|tx| plan.sweep(tx, 15)).await.unwrap().0, None);
            assert_eq!(bench.graph(1, 3).unwrap(), again, "after {sweeps}");
            assert!(bench.collect().await.complete);
            assert_eq!(bench.rows(), needed([&graph(10, 0), &again]).await.rows());
        }
    }
}

#[tokio::test]
async fn an_append_between_a_sweeps_read_and_commit_wins() {
    let bench = Bench::new();
    bench.append(1, &graph(100, 0)).await;
    bench.append(1, &Graph::default()).await;
    assert!(bench.remove(1, 1).await);
    let plan = bench.host.db.read(Plan::make).unwrap();
    let other = bench.clone();
    bench.before_commit(async move { drop(other.append(1, &graph(100, 1)).await) });
    assert_eq!(bench.host.db.write(|tx| plan.sweep(tx, BATCH)).await.unwrap().0, None);
    assert_eq!(bench.graph(1, 3).unwrap(), graph(100, 1));
    assert_eq!(bench.faults(), []);
}

#[tokio::test]
async fn a_collection_between_an_appends_read_and_commit_is_noticed() {
    let bench = Bench::new();
    bench.append(1, &graph(100, 0)).await;
    bench.append(1, &Graph::default()).await;
    assert!(bench.remove(1, 1).await);
    for again in [graph(100, 0), graph(100, 1)] {
        let other = bench.clone();
        bench.before_commit(async move { assert!(other.collect().await.complete) });
        let seq = bench.append(1, &again).await.seq;
        assert_eq!(bench.graph(1, seq).unwrap(), again);
        assert_eq!(bench.faults(), []);
    }
}

#[tokio::test]
async fn a_rewrite_between_mark_and_sweep_is_noticed() {
    let bench = Bench::new();
    let whole = graph(100, 0);
    let hash = bench.append(1, &whole).await.content;
    let mut row = vec![1];
    serde_json::to_writer(&mut row, &json!({ "hash": hash, "graph": whole })).unwrap();
    // The graph is inline, and its parts lie about as garbage.
    bench.set("contents", hash.as_bytes(), Some(row)).await;
    let plan = bench.host.db.read(Plan::make).unwrap();
    assert!(bench.host.db.write(|tx| content::rewrite(tx, hash)).await.unwrap().0);
    assert_eq!(bench.host.db.write(|tx| plan.sweep(tx, BATCH)).await.unwrap().0, None);
    assert_eq!(bench.collect().await.rows, 0);
    assert_eq!(bench.faults(), []);
}

#[tokio::test]
async fn nothing_is_removed_when_a_version_cannot_be_walked() {
    let bench = Bench::new();
    bench.append(1, &graph(100, 0)).await;
    bench.append(1, &graph(100, 1)).await;
    bench.append(1, &graph(50, 1)).await;
    assert!(bench.remove(1, 1).await);
    let rows = bench.rows();
    let (branch, value) = rows.iter().find(|((table, _), _)| *table == "content_branches").unwrap();
    for broken in [None, Some(vec![1, b'{'])] {
        bench.set(branch.0, &branch.1, broken.clone()).await;
        // One of the two is broken in any case; only garbage that is broken does no harm.
        if collect(&bench.host.db).await.is_err() {
            assert!(bench.rows().iter().all(|(place, row)| place == branch || rows[place] == *row));
            assert!(bench.rows().len() >= rows.len() - 1);
        }
        bench.set(branch.0, &branch.1, Some(value.clone())).await;
    }
}

async fn storm(db: Db) {
    let host = host(db);
    let writers = (1..4_u8).map(|workflow| {
        let host = host.clone();
        tokio::spawn(async move {
            for round in 0..8_usize {
                let seq = append(&host, workflow, &graph(60, round % 5)).await.seq;
                if seq > 1 {
                    assert!(remove(&host, workflow, seq - 1).await);
                }
                let found = host.db.read(|reader| table::find(reader, id(workflow), seq)).unwrap();
                assert_eq!(found.graph, graph(60, round % 5));
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        collect(&host.db).await.unwrap();
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(collect(&host.db).await.unwrap().complete);
    assert_eq!(faults(&host.db), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_and_removals_during_collections() {
    storm(Bench::new().host.db).await;
}

#[cfg(feature = "redb")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_and_removals_during_collections_on_disk() {
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let clock = Bench::new().host.clock;
    let options = crate::store::redb::Options::default();
    let store = crate::store::Redb::open(folder.path().join("store.redb"), options, clock.clone()).unwrap();
    storm(Db::new(Arc::new(store), clock)).await;
}
