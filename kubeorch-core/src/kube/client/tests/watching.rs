//! How a watch is told. kube-runtime pauses on tokio's clock, which runs by itself here.

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};

use super::server::{Answer, Pauses, Server, lines, ok, refusal};
use crate::kube::{Cluster, Error, Event, Scope};
use crate::manifest::Kind;

fn pod(name: &str, version: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": "shop", "resourceVersion": version.to_string() },
        "status": { "phase": "Running" },
    })
}

fn list(version: u32, items: &[Value]) -> Answer {
    ok(&json!({ "kind": "PodList", "metadata": { "resourceVersion": version.to_string() }, "items": items }))
}

fn change(what: &str, object: &Value) -> Value {
    json!({ "type": what, "object": object })
}

fn tell(item: Result<Event, Error>) -> String {
    match item {
        Ok(Event::Restarted) => "restarted".to_owned(),
        Ok(Event::Synced) => "synced".to_owned(),
        Ok(Event::Applied(object)) => {
            format!("+{}@{}", object.key(), object.resource_version().unwrap_or("?"))
        }
        Ok(Event::Deleted(object)) => format!("-{}", object.key()),
        Err(error) => format!("! {error}"),
    }
}

/// Follows pods for at most `count` items; fewer when the stream ends.
async fn follow(server: &Server, kind: Kind, count: usize) -> Vec<String> {
    let scope = Scope { kind, namespace: Some("shop".into()), labels: "app=web".into() };
    server.client(Arc::new(Pauses::default())).watch(&scope).take(count).map(tell).collect().await
}

fn pods() -> Kind {
    Kind::new("v1", "Pod")
}

#[tokio::test(start_paused = true)]
async fn first_what_is_there_then_the_changes() {
    let server = Server::new([
        list(5, &[pod("a", 3), pod("b", 4)]),
        lines(&[
            change("ADDED", &pod("c", 6)),
            change(
                "BOOKMARK",
                &json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "resourceVersion": "7" } }),
            ),
            change("MODIFIED", &pod("a", 8)),
            change("DELETED", &pod("b", 9)),
        ]),
    ]);
    assert_eq!(
        follow(&server, pods(), 6).await,
        ["+Pod shop/a@3", "+Pod shop/b@4", "synced", "+Pod shop/c@6", "+Pod shop/a@8", "-Pod shop/b"]
    );
    let lines = server.lines();
    assert!(lines[0].contains("limit=500") && lines[0].contains("labelSelector=app%3Dweb"), "{lines:?}");
    assert!(lines[1].contains("watch=true") && lines[1].contains("resourceVersion=5"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_place_starts_over() {
    let gone = json!({ "type": "ERROR", "object": { "kind": "Status", "code": 410, "reason": "Expired",
        "status": "Failure", "message": "too old" } });
    let server = Server::new([list(5, &[pod("a", 3)]), lines(&[gone]), list(9, &[pod("b", 8)])]);
    assert_eq!(
        follow(&server, pods(), 5).await,
        ["+Pod shop/a@3", "synced", "restarted", "+Pod shop/b@8", "synced"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_interruption_is_told_and_so_is_its_end() {
    let server = Server::new([
        list(5, &[pod("a", 3)]),
        refusal(
            503,
            &json!({ "kind": "Status", "code": 503, "message": "no leader", "reason": "ServiceUnavailable" }),
        ),
        lines(&[change("MODIFIED", &pod("a", 6))]),
    ]);
    assert_eq!(
        follow(&server, pods(), 5).await,
        ["+Pod shop/a@3", "synced", "! the API server is busy: no leader", "synced", "+Pod shop/a@6"]
    );
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_end_the_stream() {
    for code in [401, 403] {
        let no = || refusal(code, &json!({ "kind": "Status", "code": code, "message": "no" }));
        let server = Server::new([no()]);
        assert_eq!(follow(&server, pods(), 9).await, ["! the API server refused: no"]);
        let server = Server::new([list(5, &[]), no()]);
        assert_eq!(follow(&server, pods(), 9).await, ["synced", "! the API server refused: no"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_comes_later_is_followed_then() {
    let server = Server::new([list(5, &[pod("a", 3)])]);
    let scope = Scope { kind: Kind::new("example.com/v1", "Widget"), namespace: None, labels: String::new() };
    let mut events = server.client(Arc::new(Pauses::default())).watch(&scope);
    assert_eq!(events.next().await.map(tell).as_deref(), Some("synced"));
    server.custom.lock().push("Widget");
    let more: Vec<_> = events.take(3).map(tell).collect().await;
    assert_eq!(more, ["restarted", "+Widget shop/a@3", "synced"]);
}
