//! A workflow as large as they may be, through the engine: rendered, rendered again, edited and rendered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_benches::measure::{Failure, Sample, Table, at_most, time};
use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::graph::Graph;
use kubeorch_core::id::{Raw, WorkflowId};
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::plugin::Registry;
use kubeorch_core::workflows::New;
use serde_json::json;
use tokio::runtime::Builder;

use crate::calls::row;
use crate::guests::core;

const NODES: usize = 10_000;
const EDITS: usize = 7;

pub(crate) fn run(scale: u32, table: &mut Table) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let nodes = if scale > 1 { NODES } else { 30 };
    runtime.block_on(async {
        let plugins = Registry::builder().plugin("core", core()).try_build().await?;
        let engine = Engine::builder()
            .plugins(Arc::new(plugins))
            .cluster("none", Arc::new(Fake::new()))
            .build()
            .await?;
        let id: WorkflowId = Raw::derived(&["bench"]).into();
        let mut graph = graph(nodes);
        let first = prepare(&engine, id, &graph).await?;
        let again = prepare(&engine, id, &graph).await?;
        let mut edits = Vec::new();
        for number in 0..EDITS {
            if let Some(node) = graph.nodes.get_mut(nodes / 2) {
                node.data.insert("replicas".to_owned(), json!(number + 10));
            }
            edits.push(prepare(&engine, id, &graph).await?);
        }
        engine.shutdown().await;
        let reads: Sample = edits.iter().map(|[read, _]| *read).collect();
        let rest: Sample = edits.iter().map(|[read, took]| took.saturating_sub(*read)).collect();
        let edits: Sample = edits.into_iter().map(|[_, took]| took).collect();
        let plain = |duration| [time(duration), String::new(), String::new()];
        row(table, &format!("{nodes} nodes, read, checked and rendered"), time(first[0]), plain(first[1]));
        row(table, "the same again", time(again[0]), plain(again[1]));
        let cells = at_most(edits.median(), Duration::from_millis(10));
        row(table, "the same after an edit, p50; to read it alone", time(reads.median()), cells);
        let cells = at_most(rest.median(), Duration::from_millis(10));
        row(table, "the same without reading it, p50", String::new(), cells);
        Ok(())
    })
}

/// Saves the graph, and takes the time of reading it from the store, and of everything between the saved graph and its
/// findings, which reads it too.
async fn prepare(engine: &Engine, id: WorkflowId, graph: &Graph) -> Result<[Duration; 2], Failure> {
    let new = New { name: "bench".into(), cluster: "none".into(), ..New::default() };
    engine.workflows().put(&Actor::System, id, new, graph.clone()).await?;
    let begin = Instant::now();
    drop(engine.workflows().get(&Actor::System, id).await?);
    let read = begin.elapsed();
    let begin = Instant::now();
    let findings = engine.runs().validate(&Actor::System, id).await?;
    let took = begin.elapsed();
    match findings.iter().find(|finding| finding.is_error()) {
        Some(error) => Err(format!("the graph is not rendered: {error:?}").into()),
        None => Ok([read, took]),
    }
}

/// The graph of the other benches, in the core node types.
fn graph(nodes: usize) -> Graph {
    let mut graph = kubeorch_benches::graph(nodes);
    for node in &mut graph.nodes {
        let kind = match node.kind.as_str() {
            "workload" => "deployment",
            "balancer" => "service",
            _ => "configmap",
        };
        kind.clone_into(&mut node.kind);
    }
    graph
}
