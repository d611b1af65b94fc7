//! Imports: one instance, one tree.

use std::sync::Arc;

use serde_json::json;

use super::world::Part;
use super::{brief, limits};
use crate::plugin::analyzer::{AnalyzeRequest, PlaceRef};
use crate::plugin::source::{Entry, Memory, ReadError, SourceTree};
use crate::plugin::wasm::{Budget, Host, Limits, Registry};
use crate::plugin::{Analyzers, Error, FaultKind, ImportJob, World};

/// The answer's `#` becomes the number of an error, 9 where there was none.
const READ: &str = "(if (result i32) (call $read (local.get $tree))
    (then (call $digit (i32.load8_u (i32.const 516)))) (else (call $digit (i32.const 9))))";

/// The same, or the number of entries.
const LIST: &str = "(if (result i32) (call $entries (local.get $tree))
    (then (call $digit (i32.load8_u (i32.const 516)))) (else (call $digit (i32.load (i32.const 520)))))";

/// What is in a file.
const CONTENT: &str = "(if (call $read (local.get $tree)) (then unreachable))
    (call $ok (i32.load (i32.const 516)) (i32.load (i32.const 520)))";

fn tree() -> Arc<Memory> {
    let places = json!({"places": [{"root": "b", "kind": "read", "confidence": 50}]}).to_string();
    Arc::new(Memory::new([("places.json", places), ("a.txt", "a".into()), ("b/c.txt", "c".into())]).unwrap())
}

fn part(call: &str, text: &str) -> Part {
    let answer = json!({"places": [{"kind": "#"}], "nodes": []}).to_string();
    Part { call: call.into(), text: text.into(), answer, ..Part::of(World::ImportAnalyzer) }
}

async fn registry(part: Part, limits: Limits) -> Registry {
    let registry = Registry::default();
    registry.put(Host::new(limits).unwrap().load("part.wasm", part.bytes()).await.unwrap()).unwrap();
    registry
}

async fn open(registry: &Registry) -> Box<dyn ImportJob> {
    registry.open("part", tree()).await.unwrap()
}

async fn kind(part: Part, limits: Limits) -> Result<String, Error> {
    let registry = registry(part, limits).await;
    Ok(open(&registry).await.detect().await?.places[0].kind.clone())
}

fn analyze() -> AnalyzeRequest {
    AnalyzeRequest {
        place: PlaceRef { root: String::new(), kind: "k".into() },
        options: serde_json::Map::default(),
    }
}

#[tokio::test]
async fn a_tree_is_listed_and_read() {
    for (call, text, expected) in [
        (CONTENT, "places.json", "read"),
        (READ, "none", "0"),
        (READ, "b", "1"),
        (READ, "../a.txt", "2"),
        (READ, "/a.txt", "2"),
        (READ, "a.txt", "9"),
        (LIST, "**", "3"),
        (LIST, "*.txt", "1"),
        (LIST, "b/**", "1"),
        (LIST, "[ab].txt", "0"),
    ] {
        assert_eq!(kind(part(call, text), limits()).await.unwrap(), expected, "{text}");
    }
    let long = "?".repeat(200);
    assert_eq!(kind(part(LIST, &long), limits()).await.unwrap(), "2");
}

#[tokio::test]
async fn what_is_read_is_counted() {
    let again = format!("(loop $again (drop {READ}) (br $again)) (unreachable)")
        .replace("(call $digit", "(call $ignore");
    let ignore =
        |part: Part| Part { call: part.call.replace("(call $ignore", "(i32.add (i32.const 0)"), ..part };
    let endless = || ignore(part(&again, "a.txt"));
    let calls = Limits { analyzer: Budget { host_calls: 50, ..limits().analyzer }, ..limits() };
    assert_eq!(brief(&kind(endless(), calls).await.unwrap_err()), (FaultKind::Limit, "host calls"));
    // Told at first, then stopped.
    let bytes = Limits { tree: 2, ..limits() };
    assert_eq!(brief(&kind(endless(), bytes.clone()).await.unwrap_err()), (FaultKind::Limit, "tree bytes"));
    let thrice =
        format!("(drop (call $read (local.get $tree))) (drop (call $read (local.get $tree))) {READ}");
    assert_eq!(kind(part(&thrice, "a.txt"), bytes).await.unwrap(), "3");
}

#[tokio::test]
async fn the_calls_of_a_job_share_an_instance_and_jobs_do_not() {
    // Counts its calls in its memory.
    let count = "(i32.store (i32.const 700) (i32.add (i32.load (i32.const 700)) (i32.const 1)))
        (call $digit (i32.load (i32.const 700)))";
    let answer =
        json!({"places": [], "nodes": [{"key": "#", "type": "t", "origin": {"path": "a"}}]}).to_string();
    let registry = registry(Part { answer, ..part(count, "") }, limits()).await;
    for _ in 0..2 {
        let mut job = registry.open("part", Arc::new(Changing)).await.unwrap();
        job.detect().await.unwrap();
        for calls in ["2", "3"] {
            assert_eq!(job.analyze(&analyze()).await.unwrap().nodes[0].key, calls);
        }
    }
}

#[tokio::test]
async fn a_tree_that_cannot_change_is_detected_once() {
    let registry = registry(part(CONTENT, "places.json"), limits()).await;
    for _ in 0..3 {
        open(&registry).await.detect().await.unwrap();
    }
    let stats = &registry.stats()[0].exports[1];
    assert_eq!((stats.export, stats.time.count, stats.hits), ("detect", 1, 2));
}

#[tokio::test]
async fn a_job_that_failed_is_over_and_its_seat_is_free() {
    let registry = registry(part("(unreachable)", ""), Limits { jobs: 1, ..limits() }).await;
    let mut job = open(&registry).await;
    assert_eq!(registry.open("part", tree()).await.map(drop), Err(Error::Busy { waiting: 1 }));
    assert_eq!(brief(&job.detect().await.unwrap_err()).0, FaultKind::Panic);
    assert_eq!(brief(&job.detect().await.unwrap_err()).0, FaultKind::Host);
    drop(job);
    open(&registry).await;
}

#[tokio::test]
async fn analyses_that_break_the_contract() {
    let node = |key: &str, path: &str| json!({"key": key, "type": "t", "origin": {"path": path}});
    for (answer, expected) in [
        (json!({"nodes": [node("a", "f"), node("a", "f")]}), "node key a is empty or there twice"),
        (json!({"nodes": [node("a", "../f")]}), "origin ../f is not a path within the tree"),
        (json!({"edges": [{"source": "a", "target": "b"}]}), "an edge names a, which is no node"),
        (json!({"nodes": vec![node("a", "f"); 6]}), "6 nodes, at most 5 are allowed"),
    ] {
        let part = Part { answer: answer.to_string(), ..Part::of(World::ImportAnalyzer) };
        let registry = registry(part, Limits { nodes: 5, ..limits() }).await;
        let error = open(&registry).await.analyze(&analyze()).await.unwrap_err();
        assert_eq!(brief(&error), (FaultKind::Contract, expected));
    }
}

/// A tree without an identity.
struct Changing;

impl SourceTree for Changing {
    fn files(&self) -> &[Entry] {
        &[]
    }

    fn read(&self, _: &str, _: u64, _: usize) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::Failed)
    }
}
