//! Server-sent events: framing, heartbeats and the end.
//!
//! A frame is `id:` (when it can be resumed from), `event:<name>` and one `data:` line. The known browser client
//! reads only the first `data:` line, so a payload must not hold a line break; JSON written compactly never does.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, BoxStream, Stream, StreamExt};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    id: Option<u64>,
    event: String,
    data: String,
}

impl Frame {
    /// An event with a JSON payload.
    pub(crate) fn json(event: impl Into<String>, data: &impl Serialize) -> Self {
        // What cannot be serialised is a fault of the type; the stream goes on without it.
        Self { id: None, event: event.into(), data: serde_json::to_string(data).unwrap_or_default() }
    }

    /// The last frame of every stream; JSON, because the browser client parses it.
    pub(crate) fn complete() -> Self {
        Self::json("complete", &serde_json::json!({ "message": "Stream closed" }))
    }

    /// Makes the frame one that a client can resume from.
    pub(crate) fn with_id(mut self, id: u64) -> Self {
        self.id = Some(id);
        self
    }

    fn write(&self) -> Bytes {
        let id = self.id.map(|id| format!("id:{id}\n")).unwrap_or_default();
        format!("{id}event:{}\ndata:{}\n\n", self.event, self.data).into()
    }
}

/// The number in `Last-Event-ID`.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// Sends the frames until they end or the server drains; a heartbeat fills every silent pause.
pub(crate) fn respond(
    frames: impl Stream<Item = Frame> + Send + 'static,
    heartbeat: Duration,
    drain: CancellationToken,
) -> Response {
    let body = Body::from_stream(bytes(frames.boxed(), heartbeat, drain).map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body).into_response()
}

fn bytes(
    frames: BoxStream<'static, Frame>,
    heartbeat: Duration,
    drain: CancellationToken,
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(Some((frames, drain)), move |state| async move {
        let (mut frames, drain) = state?;
        tokio::select! {
            // What was already there is sent before the end.
            biased;
            frame = frames.next() => match frame {
                Some(frame) => Some((frame.write(), Some((frames, drain)))),
                None => Some((Frame::complete().write(), None)),
            },
            () = drain.cancelled() => Some((Frame::complete().write(), None)),
            () = tokio::time::sleep(heartbeat) => {
                Some((Bytes::from_static(b": keep-alive\n\n"), Some((frames, drain))))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::channel::mpsc;

    fn text(bytes: &[Bytes]) -> String {
        String::from_utf8(bytes.concat()).unwrap()
    }

    #[tokio::test]
    async fn frames_have_the_form_of_the_contract() {
        let frames = [
            Frame::json("metadata", &serde_json::json!({ "name": "line\nbreak" })),
            Frame::json("node_update", &1).with_id(7),
        ];
        let sent: Vec<_> =
            bytes(stream::iter(frames).boxed(), Duration::MAX, CancellationToken::new()).collect().await;
        assert_eq!(
            text(&sent),
            "event:metadata\ndata:{\"name\":\"line\\nbreak\"}\n\n\
             id:7\nevent:node_update\ndata:1\n\n\
             event:complete\ndata:{\"message\":\"Stream closed\"}\n\n"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_beats_and_ends_when_the_server_drains() {
        let (sender, frames) = mpsc::unbounded();
        let drain = CancellationToken::new();
        let mut sent = Box::pin(bytes(frames.boxed(), Duration::from_secs(15), drain.clone()));
        let started = tokio::time::Instant::now();
        for _ in 0..2 {
            assert_eq!(sent.next().await.unwrap(), ": keep-alive\n\n");
        }
        assert_eq!(started.elapsed(), Duration::from_secs(30));
        sender.unbounded_send(Frame::json("e", &0)).unwrap();
        drain.cancel();
        let rest: Vec<_> = sent.collect().await;
        assert_eq!(
            text(&rest),
            "event:e\ndata:0\n\nevent:complete\ndata:{\"message\":\"Stream closed\"}\n\n"
        );
    }

    #[test]
    fn resumes_from_a_number() {
        for (given, expected) in [("7", Some(7)), (" 8 ", Some(8)), ("x", None), ("", None)] {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", HeaderValue::from_static(given));
            assert_eq!(last_event_id(&headers), expected);
        }
    }
}
