//! What each failure becomes, and which are tried again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Answer, Pauses, Server, ok, options, refusal};
use crate::kube::{ApplyOptions, Client, Cluster, Error};
use crate::manifest::{Key, Kind, Object};
use crate::time::ManualClock;

fn key() -> Key {
    Key { kind: Kind::new("apps/v1", "Deployment"), namespace: Some("shop".into()), name: "web".into() }
}

fn deployment() -> Object {
    Object::new(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop", "managedFields": [] },
        "spec": { "replicas": 2 },
    }))
    .unwrap()
}

fn force() -> ApplyOptions {
    ApplyOptions { force: true, ..ApplyOptions::default() }
}

/// Applies where the read before finds nothing and the write is answered with `code` and `body`, every time.
async fn refused(code: u16, body: &Value) -> Error {
    let mut script = vec![refusal(404, &json!({}))];
    script.extend((0..9).map(|_| refusal(code, body)));
    let client = Server::new(script).client(Arc::new(Pauses::default()));
    client.apply(&deployment(), &force()).await.unwrap_err()
}

fn variant(error: &Error) -> &'static str {
    match error {
        Error::Credentials(_) => "Credentials",
        Error::Unreachable(_) => "Unreachable",
        Error::Denied(_) => "Denied",
        Error::Conflict { .. } => "Conflict",
        Error::Rejected { .. } => "Rejected",
        Error::UnknownKind(_) => "UnknownKind",
        Error::Busy { .. } => "Busy",
    }
}

#[tokio::test]
async fn every_status_has_its_error() {
    let cause = |reason: &str, field: &str, message: &str| json!({ "reason": reason, "field": field, "message": message });
    for (code, body, expected) in [
        (401, json!({ "message": "Unauthorized" }), "Denied: the API server refused: Unauthorized"),
        (
            403,
            json!({ "message": "deployments is forbidden", "details": { "causes": [] } }),
            "Denied: the API server refused: deployments is forbidden",
        ),
        (
            403,
            json!({ "message": "namespace shop is being terminated",
                    "details": { "causes": [cause("NamespaceTerminating", "", "namespace shop is being terminated")] } }),
            "Rejected: Deployment shop/web was refused: namespace shop is being terminated",
        ),
        (
            404,
            json!({ "message": "namespaces \"shop\" not found", "details": { "kind": "namespaces" } }),
            "Rejected: Deployment shop/web was refused: namespaces \"shop\" not found",
        ),
        (404, json!("404 page not found"), "UnknownKind: the cluster does not serve apps/v1 Deployment"),
        (
            409,
            json!({ "message": "Apply failed with 2 conflicts", "reason": "Conflict", "details": { "causes": [
                cause("FieldManagerConflict", ".spec.replicas", "conflict with \"hpa\" using autoscaling/v2"),
                cause("FieldManagerConflict", ".spec.paused", "conflict with \"kubectl\" with subresource \"x\""),
            ] } }),
            "Conflict: fields of Deployment shop/web belong to others: hpa: .spec.replicas; kubectl: .spec.paused",
        ),
        (
            409,
            json!({ "message": "object is being deleted", "reason": "AlreadyExists" }),
            "Busy: the API server is busy: object is being deleted",
        ),
        (
            422,
            json!({ "message": "web is invalid", "details": { "causes": [
                cause("FieldValueInvalid", "spec.selector", "field is immutable")] } }),
            "Rejected: Deployment shop/web was refused: web is invalid; spec.selector: field is immutable",
        ),
        (
            400,
            json!({ "message": "unknown field \"spec.replica\"" }),
            "Rejected: Deployment shop/web was refused: unknown field \"spec.replica\"",
        ),
        (
            413,
            json!("<html>secret page</html>"),
            "Rejected: Deployment shop/web was refused: Payload Too Large",
        ),
        (429, json!({ "message": "slow down" }), "Busy: the API server is busy: slow down"),
        (500, json!("<html>"), "Busy: the API server is busy: Internal Server Error"),
        (503, json!({ "message": "no leader" }), "Busy: the API server is busy: no leader"),
    ] {
        let error = refused(code, &body).await;
        assert_eq!(format!("{}: {error}", variant(&error)), expected, "{code} {body}");
    }
}

#[tokio::test]
async fn a_servers_words_are_clipped() {
    let text = refused(422, &json!({ "message": "ä".repeat(5000) })).await.to_string();
    assert!(text.chars().count() < 1100 && text.ends_with('…'), "{text}");
}

/// Reads once; answers the requests made, the pauses taken and the result.
async fn read(script: Vec<Answer>) -> (usize, Vec<Duration>, Result<bool, Error>) {
    let (server, pauses) = (Server::new(script), Arc::new(Pauses::default()));
    let result = server.client(pauses.clone()).get(&key()).await;
    (server.asked().len(), pauses.taken(), result.map(|object| object.is_some()))
}

fn busy(code: u16, retry_after: Option<u64>) -> Answer {
    Answer(code, retry_after, json!({ "message": "busy" }).to_string())
}

fn found() -> Answer {
    ok(&deployment().to_value())
}

#[tokio::test]
async fn a_pause_is_as_long_as_the_server_asks() {
    let (asked, pauses, result) = read(vec![busy(429, Some(2)), found()]).await;
    assert!(result.unwrap());
    assert_eq!(asked, 2);
    let (at_least, at_most) = (Duration::from_secs(2), Duration::from_millis(2050));
    // The gate, which holds everybody, finds the pause over.
    assert!(pauses.len() == 1 && pauses[0] >= at_least && pauses[0] < at_most, "{pauses:?}");
}

#[tokio::test]
async fn pauses_grow_and_attempts_end() {
    let (asked, pauses, result) = read((0..9).map(|_| busy(503, None)).collect()).await;
    assert_eq!((asked, variant(&result.unwrap_err())), (5, "Busy"));
    let millis: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    assert_eq!(millis.len(), 4);
    for (pause, base) in millis.iter().zip([100, 200, 400, 800]) {
        assert!((base..base + base / 2).contains(pause), "{millis:?}");
    }
}

#[tokio::test]
async fn nothing_is_repeated_that_cannot_get_better_soon() {
    for (answer, expected, wait) in [
        (busy(429, Some(60)), "Busy", Some(60)),
        (busy(400, None), "Rejected", None),
        (busy(401, None), "Denied", None),
        (Answer(200, None, "<html>".to_owned()), "Unreachable", None),
    ] {
        let (asked, pauses, result) = read(vec![answer, found()]).await;
        let error = result.unwrap_err();
        assert_eq!((asked, pauses.len(), variant(&error)), (1, 0, expected));
        if let Error::Busy { retry_after, .. } = error {
            assert_eq!(retry_after, wait.map(Duration::from_secs));
        }
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_the_deadline() {
    let clock = Arc::new(ManualClock::at_millis(0));
    let client = Client::with(Server::new([]).raw(), options(), clock.clone());
    let reader = tokio::spawn(async move { client.get(&key()).await });
    // A call and its attempt each wait. The first two are for discovery, which is answered; they stay until
    // their time comes.
    while clock.sleepers() < 4 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(5));
    let error = reader.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the API server did not answer: no answer within 5s");
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_refused() {
    let server = Server::new([ok(&json!({ "data": "x".repeat(2000) }))]);
    let limits = crate::kube::Options { body: 1000, ..options() };
    let client = Client::with(server.raw(), limits, Arc::new(Pauses::default()));
    let error = client.get(&key()).await.unwrap_err();
    assert_eq!(error.to_string(), "Deployment shop/web was refused: the answer is larger than 1000 bytes");
}
