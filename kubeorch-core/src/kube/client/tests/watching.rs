//! How a watch is told.

use futures::StreamExt;
use serde_json::{Value, json};

use super::server::{Answer, Leaping, Server, lines, ok, open, options, refusal};
use crate::kube::{Client, Cluster, Error, Event, Options, Scope};
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
    server.client(Leaping::new()).watch(&scope).take(count).map(tell).collect().await
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
    let mut events = server.client(Leaping::new()).watch(&scope);
    assert_eq!(events.next().await.map(tell).as_deref(), Some("synced"));
    server.custom.lock().push("Widget");
    let more: Vec<_> = events.take(3).map(tell).collect().await;
    assert_eq!(more, ["restarted", "+Widget shop/a@3", "synced"]);
}

/// Follows pods with streaming lists; answers what was told and asked.
async fn stream(script: Vec<Answer>, count: usize) -> (Vec<String>, Vec<String>) {
    let server = Server::new(script);
    let limits = Options { streaming_lists: true, ..options() };
    let client = Client::with(server.raw(), limits, Leaping::new());
    let scope = Scope { kind: pods(), namespace: Some("shop".into()), labels: String::new() };
    let told = client.watch(&scope).take(count).map(tell).collect().await;
    let short = |line: String| {
        let what = if !line.contains("watch=true") {
            "list"
        } else if line.contains("sendInitialEvents=true&resourceVersionMatch=NotOlderThan") {
            "stream"
        } else {
            line.rsplit("resourceVersion=").next().unwrap_or_default()
        };
        what.to_owned()
    };
    (told, server.lines().into_iter().map(short).collect())
}

fn bookmark(version: u32, end: bool) -> Value {
    let mut object = json!({ "kind": "Pod", "metadata": { "resourceVersion": version.to_string() } });
    if end {
        object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
    }
    change("BOOKMARK", &object)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_streams_lists_is_watched_at_once() {
    let whole = [
        change("ADDED", &pod("a", 3)),
        change("ADDED", &pod("b", 4)),
        bookmark(5, true),
        change("MODIFIED", &pod("a", 6)),
        bookmark(9, false),
    ];
    let (told, asked) = stream(vec![lines(&whole), lines(&[change("DELETED", &pod("a", 10))])], 5).await;
    assert_eq!(told, ["+Pod shop/a@3", "+Pod shop/b@4", "synced", "+Pod shop/a@6", "-Pod shop/a"]);
    // From the bookmark on, not from the last change.
    assert_eq!(asked, ["stream", "9"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_is_listed_in_pages() {
    let pages = || [list(5, &[pod("a", 3)]), open(&[])];
    let plain = ["+Pod shop/a@3", "synced"];
    let over = ["+Pod shop/a@3", "restarted", "+Pod shop/a@3", "synced"];
    for (first, expected) in [
        // Its gate is off; it fails inside.
        (refusal(422, &json!({ "message": "sendInitialEvents is forbidden" })), plain.as_slice()),
        (refusal(500, &json!({ "message": "etcdserver: mvcc" })), &plain),
        // It does not know the parameters: objects come, their end never does.
        (lines(&[change("ADDED", &pod("a", 3)), bookmark(4, false)]), &over),
        (open(&[change("ADDED", &pod("a", 3))]), &over),
    ] {
        let (told, asked) = stream([first].into_iter().chain(pages()).collect(), expected.len()).await;
        assert_eq!(
            (told.iter().map(String::as_str).collect::<Vec<_>>(), &asked[..2]),
            (expected.to_vec(), ["stream".to_owned(), "list".to_owned()].as_slice())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_streaming_list_that_breaks_starts_over() {
    let part = || lines(&[change("ADDED", &pod("a", 3))]);
    let whole = lines(&[change("ADDED", &pod("b", 4)), bookmark(5, true)]);
    let (told, asked) = stream(vec![part(), whole], 4).await;
    assert_eq!(told, ["+Pod shop/a@3", "restarted", "+Pod shop/b@4", "synced"]);
    assert_eq!(asked, ["stream", "stream"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_noticed_and_nothing_is_listed_anew() {
    let began = tokio::time::Instant::now();
    let first = [change("ADDED", &pod("a", 3)), bookmark(5, true)];
    let dead = open(&[change("MODIFIED", &pod("a", 6))]);
    let (told, asked) = stream(vec![open(&first), dead, lines(&[change("MODIFIED", &pod("a", 8))])], 4).await;
    assert_eq!(told, ["+Pod shop/a@3", "synced", "+Pod shop/a@6", "+Pod shop/a@8"]);
    assert_eq!(asked, ["stream", "5", "6"]);
    // Two silences, each as long as a watch may last and half a minute more.
    let silences = began.elapsed().as_secs();
    assert!((2 * (261 + 30)..=2 * (319 + 31)).contains(&silences), "{silences}");
}

#[tokio::test(start_paused = true)]
async fn watches_do_not_end_together() {
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let server = Server::new([list(5, &[]), lines(&[change("ADDED", &pod("a", 6))])]);
        follow(&server, pods(), 2).await;
        let line = server.lines().remove(1);
        let seconds = line.split("timeoutSeconds=").nth(1).unwrap().split('&').next().unwrap();
        seen.insert(seconds.parse::<u32>().unwrap());
    }
    assert!(seen.len() > 5 && *seen.first().unwrap() >= 261 && *seen.last().unwrap() <= 319, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_always_ends_at_once_is_not_asked_without_pause() {
    let began = tokio::time::Instant::now();
    let script = [list(5, &[])].into_iter().chain((0..5).map(|_| lines(&[])));
    let server = Server::new(script.chain([lines(&[change("ADDED", &pod("a", 6))])]));
    assert_eq!(follow(&server, pods(), 2).await, ["synced", "+Pod shop/a@6"]);
    assert!(began.elapsed().as_millis() > 800 * (1 + 2 + 4 + 8 + 16), "{:?}", began.elapsed());
}
