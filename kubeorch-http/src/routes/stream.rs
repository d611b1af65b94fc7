//! The live stream of a workflow (contract 1.13).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use futures::stream::{self, Stream, StreamExt};
use kubeorch_core::runs::{Follow, Followed, StreamEvent};
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::WorkflowPath;
use crate::problem::{Body, Problem};
use crate::sse::{self, Frame};
use crate::table::{Permission, Table};
use crate::wire::stream::{Envelope, Failure};
use crate::wire::workflows::Workflow;

pub(crate) fn add(table: Table) -> Table {
    table.add(Permission::Stream, routes!(status))
}

/// Follows a workflow with server-sent events
///
/// First `metadata` with the whole workflow, then envelopes: `node_update` with a node's complete status,
/// `run_started`, `run_log` and others. `: keep-alive` fills silences; `complete` comes when the server stops.
/// `metadata` comes again when events were removed before they were sent: it is the state of now, and what follows
/// comes after it. A `Last-Event-ID` that is too old begins like a first connection.
#[utoipa::path(get, path = "/v1/api/workflows/{id}/status/stream", tag = "workflows",
    operation_id = "follow_workflow", responses(
    (status = 200, description = "The stream", content_type = "text/event-stream", body = Envelope),
    (status = 400, description = "`Invalid workflow ID`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
), params(("Last-Event-ID" = Option<u64>, Header, description = "The last `id:` that was seen; events after it are sent again")))]
async fn status(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let resume = sse::last_event_id(&headers);
    let follow = api.engine.runs().follow(&actor, id, resume).await?;
    let first = metadata(&follow);
    let frames = stream::iter([first]).chain(frames(follow, format!("workflow:{id}")));
    Ok(sse::respond(frames, api.options.heartbeat, api.options.drain.clone()))
}

fn frames(follow: Follow, key: String) -> impl Stream<Item = Frame> {
    stream::unfold(Some((follow, key)), |state| async move {
        let (mut follow, key) = state?;
        match follow.next().await {
            Ok(Followed::Event(event)) => Some((frame(event, &key), Some((follow, key)))),
            Ok(Followed::Resync) => Some((metadata(&follow), Some((follow, key)))),
            Err(error) => {
                tracing::warn!(error = error.log(), "a stream ended early");
                Some((Frame::json("error", &Failure::from(error)), None))
            }
        }
    })
}

fn metadata(follow: &Follow) -> Frame {
    Frame::json("metadata", &Workflow::from(follow.snapshot().clone()))
}

fn frame(event: StreamEvent, key: &str) -> Frame {
    let seq = event.seq;
    Frame::json(event.kind.clone(), &Envelope::new(event, key)).with_id(seq)
}
