//! Plugins side by side.

use serde_json::json;

use super::{Guest, catalog, limits, node, request};
use crate::error::{Finding, Severity};
use crate::plugin::wasm::{Host, Registry};
use crate::plugin::{Error, NodeTypes, Phase, StatusRequest};

fn invalid(plugin: &str, reason: &str) -> Error {
    Error::Invalid { plugin: plugin.into(), reason: reason.into() }
}

#[tokio::test]
async fn every_export_gets_its_request_and_its_answer_is_typed() {
    let answer = json!({
        "name": "a", "namespace": "b", "port": 80, "references": ["node-2"],
        "objects": [{"object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}}],
        "findings": [{"severity": "warning", "code": "thing.odd", "field": "name", "message": "odd", "node": "x"}],
        "phase": "ready", "status": {"state": "deployed", "message": "fine"},
    });
    let registry = Guest::answering(answer.to_string()).registry().await;

    let facts = registry.facts(&node(json!({}))).await.unwrap();
    assert_eq!((facts.name.as_str(), facts.references.as_slice()), ("a", &["node-2".to_owned()][..]));
    assert_eq!(facts.other["port"], 80);

    // The host addresses findings, whatever the plugin says.
    let odd = Finding { severity: Severity::Warning, ..Finding::error("thing.odd", "odd") };
    let odd = odd.at("name").on_node("node-1");
    let found = registry.validate(&request(json!({}))).await.unwrap();
    let rendered = registry.render(&request(json!({}))).await.unwrap();
    assert_eq!((&found, &rendered.findings), (&vec![odd], &found));
    assert_eq!(rendered.objects[0].object.name(), "a");

    let ask = StatusRequest { node: node(json!({})), objects: vec![], observed: vec![], desired: vec![] };
    let status = registry.status(&ask).await.unwrap();
    assert_eq!((status.phase, status.message()), (Phase::Ready, "fine"));
}

#[tokio::test]
async fn the_request_arrives_as_it_was_sent() {
    let registry = Guest::calling("(call $echo (local.get 0) (local.get 1))").registry().await;
    let facts = registry.facts(&node(json!({"z": "ü\u{1F980}", "a": [1, null]}))).await.unwrap();
    let node = &facts.other["node"];
    assert_eq!(node.to_string(), r#"{"id":"node-1","type":"thing","data":{"z":"ü🦀","a":[1,null]}}"#);
}

#[tokio::test]
async fn an_unknown_type_is_told_by_its_name() {
    let registry = Guest::default().registry().await;
    let mut ask = request(json!({}));
    ask.node.kind = "unheard-of".into();
    assert_eq!(registry.render(&ask).await, Err(Error::UnknownType("unheard-of".into())));
    assert!(registry.find("unheard-of").is_none());
    assert_eq!(registry.find("thing").unwrap().plugin, "test");
}

#[tokio::test]
async fn a_plugin_that_cannot_be_taken_stops_no_other() {
    let build = || {
        Registry::builder()
            .limits(limits())
            .plugin("b.wasm", Guest::with_catalog(catalog("b", &["z", "y"])).bytes())
            .plugin("garbage.wasm", b"garbage".to_vec())
            .plugin("a.wasm", Guest::with_catalog(catalog("a", &["x"])).bytes())
            .plugin("c.wasm", Guest::with_catalog(catalog("c", &["w", "x", "y"])).bytes())
            .plugin("again.wasm", Guest::with_catalog(catalog("a", &["v"])).bytes())
    };
    let (registry, refused) = build().build().await.unwrap();
    let taken = "node type x is brought by a already; node type y is brought by b already";
    assert_eq!(
        refused,
        [
            ("garbage.wasm".to_owned(), invalid("garbage.wasm", "it is not WebAssembly")),
            ("c.wasm".to_owned(), invalid("c", taken)),
            ("again.wasm".to_owned(), invalid("a", "there is a plugin a already")),
        ]
    );
    let names: Vec<_> = registry.list().iter().map(|t| format!("{}/{}", t.plugin, t.name)).collect();
    assert_eq!(names, ["a/x", "b/y", "b/z"]);
    let first = build().try_build().await.map(drop).unwrap_err();
    assert_eq!(first, invalid("garbage.wasm", "it is not WebAssembly"));
}

#[tokio::test]
async fn a_set_can_be_rebuilt_from_loaded_plugins() {
    let host = Host::new(limits()).unwrap();
    let first = Registry::builder().host(host.clone()).plugin("t", Guest::default().bytes());
    let first = first.try_build().await.unwrap();
    first.render(&request(json!({}))).await.unwrap();
    let plugin = first.plugins()[0].clone();
    drop(first);
    let second = Registry::builder().host(host).loaded(plugin).try_build().await.unwrap();
    second.render(&request(json!({}))).await.unwrap();
    let stats = &second.stats()[0];
    assert_eq!((stats.calls(), stats.hits()), (1, 1), "the memo lives with the host");
}

#[tokio::test]
async fn a_dropped_call_harms_nobody() {
    let registry = Guest::default().registry().await;
    for n in 0..50 {
        let ask = request(json!({ "n": n }));
        let mut call = Box::pin(registry.render(&ask));
        // Polled once, so that it is queued, running or just done, then dropped.
        let _ = futures::poll!(&mut call);
    }
    registry.render(&request(json!({"n": 0}))).await.unwrap();
}
