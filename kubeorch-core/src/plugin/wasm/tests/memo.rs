//! Same bytes, same answer, one call.

use serde_json::{Value, json};

use super::{Guest, limits, request};
use crate::plugin::wasm::{Limits, Registry};
use crate::plugin::{NodeTypes, StatusRequest};

async fn calls(registry: &Registry, data: Value) -> (u64, u64) {
    let before = registry.stats();
    registry.render(&request(data)).await.unwrap();
    let after = registry.stats();
    (after[0].calls() - before[0].calls(), after[0].hits() - before[0].hits())
}

#[tokio::test]
async fn equal_requests_are_asked_once() {
    let registry = Guest::default().registry().await;
    for (data, expected) in [
        (json!({"a": 1, "b": 2}), (1, 0)),
        (json!({"a": 1, "b": 2}), (0, 1)),
        // A plugin may answer in the order of the members, so their order is part of the question.
        (json!({"b": 2, "a": 1}), (1, 0)),
        (json!({"a": 1.0, "b": 2}), (1, 0)),
        (json!({"a": 1, "b": 2}), (0, 1)),
    ] {
        assert_eq!(calls(&registry, data.clone()).await, expected, "{data}");
    }
}

#[tokio::test]
async fn exports_do_not_share_answers() {
    let registry = Guest::default().registry().await;
    let ask = request(json!({}));
    registry.render(&ask).await.unwrap();
    registry.validate(&ask).await.unwrap();
    registry.facts(&ask.node).await.unwrap();
    assert_eq!((registry.stats()[0].calls(), registry.stats()[0].hits()), (3, 0));
    registry.validate(&ask).await.unwrap();
    registry.facts(&ask.node).await.unwrap();
    assert_eq!((registry.stats()[0].calls(), registry.stats()[0].hits()), (3, 2));
}

#[tokio::test]
async fn equal_requests_at_once_share_a_call() {
    let registry = Guest::default().registry().await;
    let ask = request(json!({"same": true}));
    let answers = futures::future::join_all((0..20).map(|_| registry.render(&ask))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(registry.stats()[0].calls(), 1);
}

#[tokio::test]
async fn status_and_failures_are_asked_again() {
    let status = json!({"phase": "ready", "status": {}}).to_string();
    let registry = Guest::answering(status).registry().await;
    let ask =
        StatusRequest { node: super::node(json!({})), objects: vec![], observed: vec![], desired: vec![] };
    registry.status(&ask).await.unwrap();
    registry.status(&ask).await.unwrap();
    assert_eq!(registry.stats()[0].calls(), 2);

    let registry = Guest::calling("(unreachable)").registry().await;
    registry.render(&request(json!({}))).await.unwrap_err();
    registry.render(&request(json!({}))).await.unwrap_err();
    assert_eq!(registry.stats()[0].calls(), 2);
}

#[tokio::test]
async fn it_stays_within_its_bytes() {
    const CAPACITY: usize = 256 << 10;
    let limits = Limits { memo: CAPACITY, ..limits() };
    let guest = Guest::default().bytes();
    let registry = Registry::builder().limits(limits).plugin("a", guest).try_build().await.unwrap();
    for n in 0..400 {
        registry.render(&request(json!({"n": n, "fill": "x".repeat(2000)}))).await.unwrap();
    }
    let weight = registry.plugins()[0].inner.host.memo.weight();
    assert!(weight > CAPACITY as u64 / 4, "it keeps only {weight} bytes");
    assert!(weight <= CAPACITY as u64, "it keeps {weight} bytes");

    let off = Limits { memo: 0, ..super::limits() };
    let guest = Guest::default().bytes();
    let registry = Registry::builder().limits(off).plugin("a", guest).try_build().await.unwrap();
    assert_eq!(calls(&registry, json!({})).await, (1, 0));
    assert_eq!(calls(&registry, json!({})).await, (1, 0));
}
