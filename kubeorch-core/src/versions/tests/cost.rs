//! A version costs what it changes.

use serde_json::json;

use super::{Bench, big, node};
use crate::graph::{Graph, Hash};

const LIMIT: usize = 4096;

/// How editors name nodes: counted, at random, and by long texts.
fn names() -> [fn(usize) -> String; 3] {
    [
        |at| format!("node-{at}"),
        |at| Hash::of(&json!(at)).to_string()[..12].to_owned(),
        |at| {
            format!(
                "{}-4000-8000-{}",
                &Hash::of(&json!(at)).to_string()[..13],
                &Hash::of(&json!(at)).to_string()[13..25]
            )
        },
    ]
}

/// Appends `edit`ed graphs of 1,000 nodes and answers the bytes of each commit.
async fn costs(name: fn(usize) -> String, edit: impl Fn(&mut Graph, usize)) -> Vec<usize> {
    let bench = Bench::new();
    let whole = big(1_000, name);
    bench.append(1, &whole).await;
    let mut costs = Vec::new();
    for at in (0..1_000).step_by(91) {
        let mut graph = whole.clone();
        edit(&mut graph, at);
        bench.append(1, &graph).await;
        costs.push(bench.written().iter().map(|(_, bytes)| bytes).sum());
    }
    costs
}

fn check(what: &str, name: usize, costs: &[usize], mean: usize, most: usize) {
    let (is_mean, is_most) = (costs.iter().sum::<usize>() / costs.len(), *costs.iter().max().unwrap());
    println!("{what}, names {name}: mean {is_mean}, most {is_most} bytes");
    assert!(is_mean <= mean && is_most <= most, "{what}, names {name}: {costs:?}");
}

#[tokio::test]
async fn a_changed_node() {
    for (at, name) in names().into_iter().enumerate() {
        let costs = costs(name, |graph, at| {
            graph.nodes[at].data.insert("image".to_owned(), json!("registry.example/app:2"));
        });
        check("changed", at, &costs.await, LIMIT, LIMIT);
    }
}

#[tokio::test]
async fn an_added_node() {
    for (at, name) in names().into_iter().enumerate() {
        let costs = costs(name, |graph, at| graph.nodes.insert(at, node(name(2_000 + at))));
        check("added", at, &costs.await, LIMIT, LIMIT);
    }
}

#[tokio::test]
async fn a_removed_node() {
    for (at, name) in names().into_iter().enumerate() {
        let costs = costs(name, |graph, at| drop(graph.nodes.remove(at)));
        check("removed", at, &costs.await, LIMIT, LIMIT);
    }
}

/// Each edge that goes too is a change of its own, in another place of the other tree.
#[tokio::test]
async fn a_removed_node_with_its_edges() {
    for (at, name) in names().into_iter().enumerate() {
        let one = costs(name, |graph, at| remove(graph, 334 + at * 2 / 3));
        check("removed with an edge", at, &one.await, LIMIT, LIMIT + 2048);
        let four = costs(name, |graph, at| remove(graph, 1 + at / 4));
        check("removed with four edges", at, &four.await, LIMIT + 1024, LIMIT + 4096);
    }
}

fn remove(graph: &mut Graph, at: usize) {
    let gone = graph.nodes.remove(at).id;
    graph.edges.retain(|edge| edge.source != gone && edge.target != gone);
}

#[tokio::test]
async fn an_equal_graph_costs_the_record_alone() {
    let bench = Bench::new();
    let whole = big(1_000, |at| format!("node-{at}"));
    bench.append(1, &whole).await;
    let mut shuffled = whole.clone();
    shuffled.nodes.reverse();
    for (workflow, graph) in [(1, &whole), (2, &whole), (2, &shuffled)] {
        bench.append(workflow, graph).await;
        let tables: Vec<_> = bench.written().into_iter().map(|(table, _)| table).collect();
        assert_eq!(tables, ["content_epoch", "versions"]);
    }
}

#[tokio::test]
async fn workflows_share_parts_of_unequal_graphs() {
    let bench = Bench::new();
    let whole = big(1_000, |at| format!("node-{at}"));
    bench.append(1, &whole).await;
    let mut half = whole;
    half.nodes.truncate(500);
    half.edges.truncate(499);
    bench.append(2, &half).await;
    let bytes: usize = bench.written().iter().map(|(_, bytes)| bytes).sum();
    assert!(bytes <= LIMIT, "{:?}", bench.written());
}

/// What is looked at to find out what is new must not grow with the graph: it all becomes preconditions.
#[tokio::test]
async fn an_append_reads_along_the_change_only() {
    let bench = Bench::new();
    let mut graph = big(1_000, |at| format!("node-{at}"));
    bench.append(1, &graph).await;
    graph.nodes[500].data.insert("image".to_owned(), json!("registry.example/app:2"));
    bench.append(1, &graph).await;
    let expected = bench.store.batches.lock().last().unwrap().expect.len();
    assert!(expected < 60, "{expected}");
}
