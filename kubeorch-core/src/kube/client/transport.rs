//! One call: a request, repeated when that is safe and may help.

use std::sync::Arc;
use std::time::Duration;

use ::kube::client::Body;
use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;

use super::failure::{Failure, Stage};
use super::guard::{Guard, jitter};
use super::options::Options;
use crate::time::Clock;

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
    /// Every request through it is guarded.
    pub(super) client: ::kube::Client,
    pub(super) guard: Arc<Guard>,
    pub(super) options: Arc<Options>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Transport {
    pub(super) fn new(client: ::kube::Client, options: Options, clock: Arc<dyn Clock>) -> Self {
        let options = Arc::new(options);
        let guard = Guard::new(client, options.clone(), clock.clone());
        Self { client: guard.client(), guard, options, clock }
    }

    /// Sends, and repeats after failures that a repetition can mend, within the total time.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, Failure> {
        let mut last = None;
        let done = {
            let tries = std::pin::pin!(self.tries(call, &mut last));
            match select(tries, self.clock.sleep(self.options.total)).await {
                Either::Left((result, _)) => Some(result),
                Either::Right(_) => None,
            }
        };
        done.unwrap_or_else(|| Err(last.unwrap_or_else(|| Stage::Timeout(self.options.total).into())))
    }

    async fn tries(&self, call: &Call, last: &mut Option<Failure>) -> Result<Answer, Failure> {
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
            *last = Some(failure);
            tracing::debug!(attempt, ?pause, "repeating a call to an API server");
            self.clock.sleep(pause).await;
            attempt += 1;
            self.guard.repeats();
        }
    }

    async fn once(&self, call: &Call) -> Result<Answer, Failure> {
        let (status, body) = self.answer(call).await?;
        // The guard has read the body already; this only takes it out.
        let bytes = body.collect_bytes().await.map_err(|error| Failure::of(&error))?;
        let json = serde_json::from_slice(&bytes).map_err(|_| Failure::from(Stage::Format))?;
        Ok(Answer { status, json })
    }

    /// Sends once, for an answer whose body goes on.
    pub(super) async fn send(&self, call: &Call) -> Result<Body, Failure> {
        self.answer(call).await.map(|(_, body)| body)
    }

    async fn answer(&self, call: &Call) -> Result<(StatusCode, Body), Failure> {
        let request = call.request().map_err(|_| Failure::from(Stage::Address))?;
        let response = self.client.send(request).await.map_err(|error| Failure::of(&error))?;
        let (parts, body) = response.into_parts();
        if parts.status.is_success() {
            return Ok((parts.status, body));
        }
        let bytes = body.collect_bytes().await.map_err(|error| Failure::of(&error))?;
        Err(Failure::answer(parts.status, &parts.headers, &bytes))
    }

    /// What the server asks for, else twice the last pause; with jitter, so that many callers spread.
    fn pause(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let jitter = |base: Duration| base.mul_f64(jitter() / 2.0);
        if let Some(asked) = asked {
            // Never earlier than asked.
            return asked + jitter(self.options.backoff);
        }
        let base = self.options.backoff * 2_u32.saturating_pow(attempt - 1);
        (base + jitter(base)).min(self.options.longest_pause)
    }
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
