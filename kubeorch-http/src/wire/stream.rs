//! What a workflow's stream carries (contract 1.13).

use kubeorch_core::runs::StreamEvent;
use serde::Serialize;
use serde_json::Value;

use super::Timestamp;

/// An event of a workflow.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StreamEnvelope)]
pub(crate) struct Envelope<'a> {
    /// Always `workflow`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `workflow:<id>`.
    stream_key: &'a str,
    /// The same as the frame's `event:`.
    event_type: String,
    timestamp: Timestamp,
    data: Value,
}

impl<'a> Envelope<'a> {
    pub(crate) fn new(event: StreamEvent, key: &'a str) -> Self {
        Self {
            kind: "workflow",
            stream_key: key,
            event_type: event.kind,
            timestamp: event.at.into(),
            data: event.data,
        }
    }
}

/// Why a stream ends early.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    message: String,
    code: &'static str,
}

impl From<kubeorch_core::Error> for Failure {
    fn from(error: kubeorch_core::Error) -> Self {
        Self { message: "The stream ended early; connect again".into(), code: error.code().name }
    }
}
