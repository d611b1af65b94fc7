//! What is stored comes back, in old forms too, and what is broken is named.

use proptest::prelude::*;
use serde_json::json;

use super::super::content::{self, Content, Form};
use super::super::{Error, Version, table};
use super::{Bench, big, id};
use crate::error::Describe;
use crate::graph::tests::strategies::{ALL, edited, graph, hostile, shuffled};
use crate::graph::{Graph, Hash};
use crate::page::Page;
use crate::store::{self, Query};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) }
}

/// JSON has no other numbers.
fn finite(mut graph: Graph) -> Graph {
    for node in &mut graph.nodes {
        for number in [&mut node.position.x, &mut node.position.y] {
            *number = if number.is_finite() { *number } else { 0.0 };
        }
    }
    graph
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_graph_comes_back_in_its_order(graph in graph(&ALL), seed: u64) {
        run(async {
            let bench = Bench::new();
            let graph = shuffled(&graph, seed);
            bench.append(1, &graph).await;
            assert_eq!(bench.graph(1, 1).unwrap(), graph.snapshot());
            assert_eq!(bench.faults(), []);
        });
    }

    #[test]
    fn a_hostile_graph_comes_back(graph in hostile()) {
        run(async {
            let (bench, graph) = (Bench::new(), finite(graph));
            bench.append(1, &graph).await;
            let back = bench.graph(1, 1).unwrap();
            assert_eq!(back.snapshot_hash(), graph.snapshot_hash());
            let ids = |graph: &Graph| graph.nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>();
            assert_eq!(ids(&back), ids(&graph));
            assert_eq!(bench.faults(), []);
        });
    }

    #[test]
    fn versions_that_share_parts_keep_apart((old, new) in edited()) {
        run(async {
            let bench = Bench::new();
            bench.append(1, &old).await;
            bench.append(1, &new).await;
            let pair = bench.host.db.read(|reader| table::compare(reader, id(1), 1, 2)).unwrap();
            assert_eq!(pair.from.graph, old.snapshot());
            assert_eq!(pair.to.graph.snapshot_hash(), new.snapshot_hash());
            let page = bench.host.db.read(|reader| table::list(reader, id(1), Page::new(0, 9))).unwrap();
            let graphs: Vec<_> = page.items.into_iter().map(|full| full.graph).collect();
            assert_eq!(graphs, [pair.to.graph, pair.from.graph]);
        });
    }

    #[test]
    fn an_inline_graph_reads_and_is_rewritten(graph in graph(&ALL)) {
        run(async {
            let (bench, twin) = (Bench::new(), Bench::new());
            let hash = inline(&bench, &graph).await;
            twin.append(1, &graph).await;
            assert_eq!(bench.graph(1, 1).unwrap(), graph.snapshot());
            assert_eq!(bench.faults(), []);
            let rewrite = async || bench.host.db.write(|tx| content::rewrite(tx, hash)).await.unwrap().0;
            assert!(rewrite().await);
            assert_eq!(bench.rows(), twin.rows());
            assert_eq!(bench.graph(1, 1).unwrap(), graph.snapshot());
            assert!(!rewrite().await);
        });
    }
}

/// Puts a graph the way that schema 1 did, with a version that names it.
async fn inline(bench: &Bench, graph: &Graph) -> Hash {
    let hash = bench.append(1, graph).await.content;
    for (table, key) in bench.rows().into_keys() {
        bench.set(table, &key, None).await;
    }
    let mut row = vec![1];
    serde_json::to_writer(&mut row, &json!({ "hash": hash, "graph": graph.snapshot() })).unwrap();
    bench.set("contents", hash.as_bytes(), Some(row)).await;
    hash
}

#[tokio::test]
async fn a_graph_beyond_a_chunk_comes_back() {
    for count in [0, 1, 2, 6, 7, 33, 400] {
        let bench = Bench::new();
        // One id for all is as hostile as it gets: no cut but by length.
        for (workflow, graph) in [(1, big(count, |at| format!("n{at}"))), (2, big(count, |_| "n".to_owned()))]
        {
            bench.append(workflow, &graph).await;
            assert_eq!(bench.graph(workflow, 1).unwrap(), graph);
        }
        assert_eq!(bench.faults(), []);
        assert!(bench.rows().values().all(|row| row.len() < 5_000));
    }
}

#[tokio::test]
async fn a_form_of_tomorrow_is_refused() {
    let bench = Bench::new();
    let hash = bench.append(1, &big(3, |at| format!("n{at}"))).await.content;
    bench.set("contents", hash.as_bytes(), Some(b"\x03{}".to_vec())).await;
    assert!(matches!(bench.graph(1, 1), Err(Error::Store(store::Error::Newer(_)))));
}

#[tokio::test]
async fn every_changed_part_is_found() {
    let bench = Bench::new();
    let graph = big(40, |at| format!("n{at}"));
    bench.append(1, &graph).await;
    assert_eq!(bench.faults(), []);
    for ((table, key), value) in bench.rows() {
        let mut forged: Vec<Vec<u8>> = Vec::new();
        let text = String::from_utf8(value[1..].to_vec()).unwrap();
        let swap = |from: &str, to: &str| [&value[..1], text.replacen(from, to, 1).as_bytes()].concat();
        match table {
            "content_nodes" => {
                forged.push(swap("app:1", "app:2"));
                forged.push(swap("\"replicas\"", "\"_state\":1,\"replicas\""));
                forged.push(swap("-40.5", "-40.25"));
            }
            "content_edges" => forged.push(swap("\"source\":\"n", "\"source\":\"m")),
            "content_branches" => {
                forged.push(swap("[0,", "[9,"));
                // Another hash of the right length.
                let at = value.len() - 20;
                forged.push(
                    [&value[..at], if value[at] == b'A' { b"B" } else { b"A" }, &value[at + 1..]].concat(),
                );
            }
            _ => forged.push(swap("\"height\":", "\"height\":1")),
        }
        for forged in forged.into_iter().filter(|forged| *forged != value) {
            bench.set(table, &key, Some(forged)).await;
            assert_ne!(bench.faults(), [], "{table} {text}");
        }
        bench.set(table, &key, Some(value)).await;
    }
    assert_eq!(bench.faults(), []);
}

#[tokio::test]
async fn what_is_missing_or_unreadable_is_named() {
    let bench = Bench::new();
    bench.append(1, &big(40, |at| format!("n{at}"))).await;
    for ((table, key), value) in bench.rows() {
        let hash = Hash::from(<[u8; 32]>::try_from(key.as_slice()).unwrap());
        for broken in [None, Some(Vec::new()), Some(b"\x01{".to_vec()), Some(b"\x01[1,\"AAAA\"]".to_vec())] {
            bench.set(table, &key, broken).await;
            let Err(Error::Store(error @ store::Error::Damaged { .. })) = bench.graph(1, 1) else {
                panic!("{table} is not missed");
            };
            assert!(error.to_string().contains(&hash.to_string()), "{error}");
            assert_ne!(bench.faults(), []);
        }
        bench.set(table, &key, Some(value)).await;
    }
    assert_eq!(bench.faults(), []);
}

#[tokio::test]
async fn removed_versions_leave_a_gap() {
    let bench = Bench::new();
    for at in 1..=5 {
        bench.append(1, &big(at, |at| format!("n{at}"))).await;
    }
    let remove = async |doomed: &[u64]| {
        let goes = |version: &Version| version.seq != 3;
        bench.host.db.write(|tx| table::remove(tx, id(1), doomed, goes)).await.unwrap().0
    };
    assert_eq!(remove(&[2]).await, 1);
    assert_eq!(remove(&[2, 3, 4, 9]).await, 1, "2 is gone, 3 is held, 9 was never there");
    assert_eq!(remove(&[2, 3, 4, 9]).await, 0);
    assert_eq!(bench.host.db.read(|reader| table::removed(reader, id(1))).unwrap(), 2);
    let page = bench.host.db.read(|reader| table::list(reader, id(1), Page::new(1, 1))).unwrap();
    assert_eq!((page.items.len(), page.items[0].version.seq, page.total), (1, 3, 3));
    assert!(matches!(bench.graph(1, 4), Err(Error::NotFound)));
    let compare = |from, to| bench.host.db.read(|reader| table::compare(reader, id(1), from, to));
    for (from, to) in [(4, 5), (5, 4)] {
        let error = compare(from, to).unwrap_err();
        assert!(matches!(error, Error::PairNotFound) && error.code().name == "version.not_found");
    }
    assert_eq!(bench.append(1, &Graph::default()).await.seq, 6);
    assert_eq!(bench.faults(), []);
}

#[tokio::test]
async fn contents_of_both_forms_are_told_apart() {
    let bench = Bench::new();
    inline(&bench, &big(3, |at| format!("n{at}"))).await;
    bench.append(1, &big(4, |at| format!("n{at}"))).await;
    let contents = bench.host.db.read(|reader| reader.list(&Query::<Content>::all())).unwrap();
    let inline = contents.iter().filter(|content| matches!(content.form, Form::Inline(_))).count();
    assert_eq!((contents.len(), inline), (2, 1));
}
