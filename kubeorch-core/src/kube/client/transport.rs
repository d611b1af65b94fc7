//! One request: sent under a deadline, its answer read up to a limit, repeated when that is safe.

use std::sync::Arc;
use std::time::Duration;

use ::kube::client::Body;
use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use super::failure::{Failure, Stage};
use super::options::Options;
use crate::time::{Clock, Entropy, SystemEntropy};

/// What is to be sent. Kept apart from [`Request`], which cannot be sent twice. Every call of this edge may be
/// repeated: the only POST is a review, which creates nothing.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query, already encoded.
    pub(super) path: String,
    pub(super) content: &'static str,
    pub(super) accept: &'static str,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), content: JSON, accept: JSON, body: Bytes::new() }
    }

    pub(super) fn with(method: Method, path: String, content: &'static str, body: &Value) -> Self {
        Self { method, content, body: Bytes::from(body.to_string()), ..Self::get(path) }
    }

    fn request(&self) -> Result<Request<Body>, http::Error> {
        Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(http::header::CONTENT_TYPE, self.content)
            .header(http::header::ACCEPT, self.accept)
            .body(Body::from(self.body.clone()))
    }
}

pub(super) const JSON: &str = "application/json";

/// A successful answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) json: Value,
}

/// Sends calls.
#[derive(Clone)]
pub(in crate::kube) struct Transport {
    /// Every request through it, kube-runtime's too, has the deadline.
    pub(super) client: ::kube::Client,
    pub(super) options: Arc<Options>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Transport {
    pub(super) fn new(client: ::kube::Client, options: Options, clock: Arc<dyn Clock>) -> Self {
        let options = Arc::new(options);
        Self { client: guard(client, options.clone(), clock.clone()), options, clock }
    }

    /// Sends, and repeats after failures that a repetition can mend.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, Failure> {
        let mut attempt = 1;
        loop {
            let failure = match self.once(call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if attempt >= self.options.attempts || !failure.repeatable() {
                return Err(failure);
            }
            let pause = self.pause(attempt, failure.retry_after());
            if pause > self.options.longest_pause {
                return Err(failure);
            }
            tracing::debug!(attempt, ?pause, "repeating a call to an API server");
            self.clock.sleep(pause).await;
            attempt += 1;
        }
    }

    async fn once(&self, call: &Call) -> Result<Answer, Failure> {
        let request = call.request().map_err(|_| Failure::from(Stage::Address))?;
        let response = self.client.send(request).await.map_err(|error| Failure::of(&error))?;
        let (parts, body) = response.into_parts();
        // The guard has read the body already; this only takes it out.
        let bytes = body.collect_bytes().await.map_err(|error| Failure::of(&error))?;
        if !parts.status.is_success() {
            return Err(Failure::answer(parts.status, &parts.headers, &bytes));
        }
        let json = serde_json::from_slice(&bytes).map_err(|_| Failure::from(Stage::Format))?;
        Ok(Answer { status: parts.status, json })
    }

    /// What the server asks for, else twice the last pause; with jitter, so that many callers spread.
    fn pause(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let mut random = [0; 1];
        SystemEntropy.fill(&mut random);
        let jitter = |base: Duration| base * u32::from(random[0]) / 512;
        if let Some(asked) = asked {
            // Never earlier than asked.
            return asked + jitter(self.options.backoff);
        }
        let base = self.options.backoff * 2_u32.saturating_pow(attempt - 1);
        (base + jitter(base)).min(self.options.longest_pause)
    }
}

/// Puts a deadline and a body limit around every request of a client.
fn guard(client: ::kube::Client, options: Arc<Options>, clock: Arc<dyn Clock>) -> ::kube::Client {
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, options, clock) = (client.clone(), options.clone(), clock.clone());
        async move {
            let streams = streams(request.uri().query().unwrap_or_default());
            let exchange = std::pin::pin!(exchange(&client, request, streams, options.body));
            match select(exchange, clock.sleep(options.deadline)).await {
                Either::Left((answer, _)) => answer,
                Either::Right(((), _)) => Err(wrap(Stage::Timeout(options.deadline))),
            }
        }
    });
    ::kube::Client::new(service, namespace)
}

async fn exchange(
    client: &::kube::Client,
    request: Request<Body>,
    streams: bool,
    limit: usize,
) -> Result<Response<Body>, ::kube::Error> {
    let response = client.send(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS || (streams && response.status().is_success()) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            wrap(Stage::TooLarge(limit))
        } else {
            ::kube::Error::Service(error)
        }
    })?;
    Ok(Response::from_parts(parts, Body::from(bytes.to_bytes())))
}

/// Whether the answer goes on without end: a watch, or logs that are followed.
pub(super) fn streams(query: &str) -> bool {
    query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true"))
}

fn wrap(stage: Stage) -> ::kube::Error {
    ::kube::Error::Service(Box::new(stage))
}

/// `Retry-After` in seconds; the date form is not used by API servers.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// Percent-encodes one path segment or query value (RFC 3986: all but the unreserved characters).
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
