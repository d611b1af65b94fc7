//! Plugins that come, go and change while calls run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::{Guest, catalog, limits, request};
use crate::plugin::wasm::{Host, Plugin, Registry};
use crate::plugin::{Error, NodeTypes};

/// A plugin `id` of these types whose renders say which version they come from.
async fn plugin(host: &Host, id: &str, version: &str, types: &[&str]) -> Plugin {
    let mut catalog = catalog(id, types);
    catalog["plugin"]["version"] = version.into();
    let answer = json!({"notes": [version]}).to_string();
    let guest = Guest { catalog, answer, ..Guest::default() };
    host.load(&format!("{id}.wasm"), guest.bytes()).await.unwrap()
}

fn versions(registry: &Registry) -> Vec<String> {
    let name = |plugin: &Plugin| format!("{} {}", plugin.info().id, plugin.info().version);
    registry.plugins().iter().map(name).collect()
}

#[tokio::test]
async fn an_upgrade_keeps_its_place_and_can_be_rolled_back() {
    let host = Host::new(limits()).unwrap();
    let registry = Registry::default();
    assert!(registry.put(plugin(&host, "a", "1", &["thing", "old"]).await).unwrap().is_none());
    registry.put(plugin(&host, "b", "1", &["other"]).await).unwrap();
    let first = registry.put(plugin(&host, "a", "2", &["thing", "new"]).await).unwrap().unwrap();
    assert_eq!(versions(&registry), ["a 2", "b 1"]);
    assert_eq!(
        (first.info().version.as_str(), registry.plugin("a").unwrap().info().version.as_str()),
        ("1", "2")
    );
    assert!(registry.find("old").is_none() && registry.find("new").is_some());
    assert_eq!(registry.render(&request(json!({}))).await.unwrap().notes, ["2"]);

    registry.put(first).unwrap();
    assert_eq!(versions(&registry), ["a 1", "b 1"]);
    assert!(registry.find("old").is_some() && registry.find("new").is_none());
    assert_eq!(registry.render(&request(json!({}))).await.unwrap().notes, ["1"]);
}

#[tokio::test]
async fn a_name_of_another_plugin_is_refused_and_nothing_changes() {
    let host = Host::new(limits()).unwrap();
    let registry = Registry::default();
    registry.put(plugin(&host, "a", "1", &["thing"]).await).unwrap();
    registry.put(plugin(&host, "b", "1", &["other"]).await).unwrap();
    let refused = registry.put(plugin(&host, "b", "2", &["other", "thing"]).await).map(drop).unwrap_err();
    let reason = "node type thing is brought by a already".to_owned();
    assert_eq!(refused, Error::Invalid { plugin: "b".into(), reason });
    assert_eq!(versions(&registry), ["a 1", "b 1"]);

    assert_eq!(registry.remove("a").unwrap().info().id, "a");
    assert!(registry.remove("a").is_none());
    registry.put(plugin(&host, "b", "2", &["other", "thing"]).await).unwrap();
    assert_eq!(registry.find("thing").unwrap().plugin, "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_dropped_by_a_swap() {
    let host = Host::new(limits()).unwrap();
    let one = plugin(&host, "a", "1", &["thing"]).await;
    let two = plugin(&host, "a", "2", &["thing"]).await;
    let registry = Arc::new(Registry::default());
    registry.put(one.clone()).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let swaps = tokio::spawn({
        let (registry, done) = (Arc::clone(&registry), Arc::clone(&done));
        async move {
            let mut swaps = 0;
            while !done.load(Ordering::Relaxed) || swaps < 10 {
                registry.put(if swaps % 2 == 0 { two.clone() } else { one.clone() }).unwrap();
                swaps += 1;
                tokio::task::yield_now().await;
            }
        }
    });
    for n in 0..200 {
        let rendered = registry.render(&request(json!({ "n": n }))).await.unwrap();
        assert!(["1", "2"].contains(&rendered.notes[0].as_str()));
    }
    done.store(true, Ordering::Relaxed);
    swaps.await.unwrap();
}

#[tokio::test]
async fn a_call_that_has_begun_ends_in_the_plugin_it_began_in() {
    let host = Host::new(crate::plugin::Limits { workers: 1, ..limits() }).unwrap();
    let registry = Registry::default();
    registry.put(plugin(&host, "a", "1", &["thing"]).await).unwrap();
    let ask = request(json!({}));
    let mut begun = Box::pin(registry.render(&ask));
    // Polled once, so that it is queued or running.
    let early = futures::poll!(&mut begun);
    registry.remove("a").unwrap();
    let rendered = match early {
        std::task::Poll::Ready(rendered) => rendered,
        std::task::Poll::Pending => begun.await,
    };
    assert_eq!(rendered.unwrap().notes, ["1"]);
    assert_eq!(registry.render(&ask).await, Err(Error::UnknownType("thing".into())));
}
