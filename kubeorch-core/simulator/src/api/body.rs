//! Answers and how they become HTTP responses.

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use http::header::{
    CONNECTION, CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::{HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use serde_json::Value;

use super::status::Status;

/// The error of a body: a connection cut by a fault script.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of the simulator's responses.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// What a request leads to.
pub(crate) enum Answer {
    Json(StatusCode, Value),
    /// JSON that is written already.
    Written(StatusCode, Vec<u8>),
    /// JSON of another content type.
    Typed(&'static str, Value),
    Text(StatusCode, String),
    /// The connection becomes a WebSocket: its key's answer and its protocol.
    Switch {
        accept: String,
        protocol: &'static str,
    },
    Stream(&'static str, BoxStream<'static, Result<Bytes, BoxError>>),
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self::Json(StatusCode::OK, body)
    }

    pub(crate) fn stream(
        kind: &'static str,
        stream: impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
    ) -> Self {
        Self::Stream(kind, stream.boxed())
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let (status, kind, body) = match self {
            Self::Switch { accept, protocol } => return switch(&accept, protocol),
            Self::Json(status, body) => (status, "application/json", full(body.to_string())),
            Self::Written(status, body) => (status, "application/json", full(body)),
            Self::Typed(kind, body) => (StatusCode::OK, kind, full(body.to_string())),
            Self::Text(status, body) => (status, "text/plain", full(body)),
            Self::Stream(kind, stream) => {
                (StatusCode::OK, kind, StreamBody::new(stream.map_ok(Frame::data)).boxed_unsync())
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert("cache-control", HeaderValue::from_static("no-cache, private"));
        response
    }
}

fn switch(accept: &str, protocol: &'static str) -> Response<Body> {
    let mut response = Response::new(full(String::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    // Base64 is always a valid header value.
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

impl From<Status> for Response<Body> {
    fn from(failure: Status) -> Self {
        let code = StatusCode::from_u16(failure.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Answer::Json(code, failure.body()).into_response();
        if let Some(seconds) = failure.details.get("retryAfterSeconds").and_then(Value::as_u64) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
