//! The live stream of a workflow.

use axum::body::BodyDataStream;
use futures::StreamExt;
use kubeorch_http::Options;
use serde_json::Value;
use tower::ServiceExt;

use crate::support::{App, request};

struct Frames(BodyDataStream);

impl Frames {
    async fn open(app: &App, path: &str, token: &str, last: Option<&str>) -> Self {
        let mut request = request("GET", path, token, "");
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.parse().unwrap());
        }
        let response = app.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self(response.into_body().into_data_stream())
    }

    /// The next frame's lines, heartbeats left out; `None` at the end.
    async fn next(&mut self) -> Option<Vec<String>> {
        loop {
            let chunk = self.0.next().await?.unwrap();
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            assert!(text.ends_with("\n\n"), "{text:?}");
            if !text.starts_with(':') {
                return Some(text.trim_end().lines().map(str::to_owned).collect());
            }
        }
    }

    /// Frames until one of this event; answers its id and payload.
    async fn until(&mut self, event: &str) -> (String, Value) {
        loop {
            let lines = self.next().await.expect("the stream goes on");
            let find = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
            if find("event:") == Some(event) {
                let id = find("id:").unwrap_or_default().to_owned();
                return (id, serde_json::from_str(find("data:").unwrap()).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_workflow_and_ends_with_the_server() {
    let options = Options::default();
    let drain = options.drain.clone();
    let app = App::with(options).await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    let path = format!("/v1/api/workflows/{id}/status/stream");
    let mut frames = Frames::open(&app, &format!("{path}?token={token}"), "", None).await;
    let first = frames.next().await.unwrap();
    assert_eq!(first[0], "event:metadata");
    assert_eq!(first.len(), 2, "{first:?}");
    let workflow: Value = serde_json::from_str(first[1].strip_prefix("data:").unwrap()).unwrap();
    let shown = app.call("GET", &format!("/v1/api/workflows/{id}"), &token, "").await.json();
    assert_eq!(workflow, shown);

    app.call("PUT", &format!("/v1/api/workflows/{id}"), &token, r#"{"description":"one"}"#).await;
    let (seen, event) = frames.until("workflow_changed").await;
    assert_eq!(event["type"], "workflow");
    assert_eq!(event["stream_key"], format!("workflow:{id}"));
    assert_eq!(event["event_type"], "workflow_changed");
    assert_eq!(event["timestamp"], "2026-01-01T09:30:00.000Z");

    app.call("PUT", &format!("/v1/api/workflows/{id}"), &token, r#"{"description":"two"}"#).await;
    let mut again = Frames::open(&app, &path, &token, Some(&seen)).await;
    assert_eq!(again.until("metadata").await.1["description"], "two");
    let (later, event) = again.until("workflow_changed").await;
    assert!(later.parse::<u64>().unwrap() > seen.parse().unwrap());
    assert_eq!(event["data"]["revision"], workflow["revision"].as_u64().unwrap() + 2);

    drain.cancel();
    again.until("complete").await;
    assert_eq!(again.next().await, None);
}

#[tokio::test]
async fn who_misses_removed_events_gets_one_metadata_and_then_every_event() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    let path = format!("/v1/api/workflows/{id}/status/stream");
    let describe = async |text: &str| {
        let body = format!(r#"{{"description":"{text}"}}"#);
        let answer = app.call("PUT", &format!("/v1/api/workflows/{id}"), &token, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    let mut slow = Frames::open(&app, &path, &token, None).await;
    assert_eq!(slow.next().await.unwrap()[0], "event:metadata");
    describe("one").await;
    let trim = app.engine.store().write(|tx| {
        let upto = tx.seq();
        tx.trim(upto);
        Ok::<_, kubeorch_core::store::Error>(upto.0)
    });
    let (trimmed, _) = trim.await.unwrap();
    describe("two").await;
    // One stream fell behind, the other one comes back too late: both get the state and what comes after it.
    let mut late = Frames::open(&app, &path, &token, Some("1")).await;
    for frames in [&mut slow, &mut late] {
        let lines = frames.next().await.unwrap();
        assert_eq!(lines[0], "event:metadata", "{lines:?}");
        assert!(lines[1].contains(r#""description":"two""#), "{lines:?}");
    }
    describe("three").await;
    for frames in [&mut slow, &mut late] {
        let lines = frames.next().await.unwrap();
        assert_eq!(lines[..2], [format!("id:{}", trimmed + 2), "event:workflow_changed".to_owned()]);
    }
}

#[tokio::test]
async fn errors_before_the_first_event_are_json() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let answer =
        app.call("GET", "/v1/api/workflows/aaaaaaaaaaaaaaaaaaaaaaaa/status/stream", &token, "").await;
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (404, Some("Workflow not found")));
}
