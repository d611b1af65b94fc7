//! A scripted API server: it answers discovery by itself and every other request by the next line of its script.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ::kube::client::Body;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http::{Request, Response};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::kube::{Client, Options};
use crate::time::{Clock, Time};

/// An answer: status, `Retry-After`, body.
pub(in crate::kube) struct Answer(
    pub(in crate::kube) u16,
    pub(in crate::kube) Option<u64>,
    pub(in crate::kube) String,
);

pub(in crate::kube) fn ok(body: &Value) -> Answer {
    Answer(200, None, body.to_string())
}

pub(in crate::kube) fn refusal(code: u16, body: &Value) -> Answer {
    Answer(code, None, body.to_string())
}

/// What a watch sends: one JSON a line, then the connection ends.
pub(in crate::kube) fn lines(events: &[Value]) -> Answer {
    let lines: Vec<_> = events.iter().map(ToString::to_string).collect();
    Answer(200, None, lines.join("\n") + "\n")
}

/// The same, but the connection stays open and silent.
pub(in crate::kube) fn open(events: &[Value]) -> Answer {
    let Answer(status, retry_after, body) = lines(events);
    Answer(status, retry_after, body + OPEN)
}

/// Ends a body after which the connection stays open.
const OPEN: &str = "\u{4}";

/// What was asked.
#[derive(Debug, Clone)]
pub(in crate::kube) struct Asked {
    pub(in crate::kube) line: String,
    pub(in crate::kube) content: String,
    pub(in crate::kube) accept: String,
    pub(in crate::kube) body: Value,
}

#[derive(Clone, Default)]
pub(in crate::kube) struct Server {
    script: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    discoveries: Arc<Mutex<Vec<String>>>,
    /// Kinds that are served beside the built-in ones, in `example.com/v1`.
    pub(in crate::kube) custom: Arc<Mutex<Vec<&'static str>>>,
}

impl Server {
    pub(in crate::kube) fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into_iter().collect())), ..Self::default() }
    }

    /// A client of this server, on a clock that never lets a deadline pass.
    pub(in crate::kube) fn client(&self, clock: Arc<dyn Clock>) -> Client {
        Client::with(self.raw(), options(), clock)
    }

    pub(in crate::kube) fn raw(&self) -> ::kube::Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, std::io::Error>(server.answer(request).await) }
        });
        ::kube::Client::new(service, "home")
    }

    pub(in crate::kube) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }

    pub(in crate::kube) fn lines(&self) -> Vec<String> {
        self.asked.lock().iter().map(|asked| asked.line.clone()).collect()
    }

    pub(in crate::kube) fn discoveries(&self) -> Vec<String> {
        self.discoveries.lock().clone()
    }

    async fn answer(&self, request: Request<Body>) -> Response<Whole> {
        if let Some(kinds) = self.discovery(request.uri().path()) {
            return respond(&kinds);
        }
        let line = format!("{} {}", request.method(), request.uri());
        let (content, accept) = (header(&request, "content-type"), header(&request, "accept"));
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        self.asked.lock().push(Asked { line, content, accept, body });
        let next = self.script.lock().pop_front();
        match next {
            Some(answer) => respond(&answer),
            // The script is over: the server hangs.
            None => std::future::pending().await,
        }
    }

    fn discovery(&self, path: &str) -> Option<Answer> {
        let entry = |name: &str, kind: &str, namespaced: bool| json!({ "name": name, "kind": kind, "namespaced": namespaced });
        let kinds = match path {
            "/api/v1" => vec![
                entry("pods", "Pod", true),
                entry("pods/log", "Pod", true),
                entry("configmaps", "ConfigMap", true),
                entry("secrets", "Secret", true),
                entry("nodes", "Node", false),
            ],
            "/apis/apps/v1" => {
                vec![entry("deployments/scale", "Scale", true), entry("deployments", "Deployment", true)]
            }
            "/apis/example.com/v1" => {
                self.custom.lock().iter().map(|kind| entry(&kind.to_lowercase(), kind, true)).collect()
            }
            path if path.starts_with("/apis/") && path.split('/').count() == 4 => {
                self.discoveries.lock().push(path.to_owned());
                return Some(refusal(404, &json!({ "kind": "Status", "code": 404, "reason": "NotFound" })));
            }
            _ => return None,
        };
        self.discoveries.lock().push(path.to_owned());
        Some(ok(&json!({ "kind": "APIResourceList", "resources": kinds })))
    }
}

fn header(request: &Request<Body>, name: &str) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// A body that ends, or one that does not.
type Whole = http_body_util::combinators::UnsyncBoxBody<Bytes, std::convert::Infallible>;

fn respond(answer: &Answer) -> Response<Whole> {
    let Answer(status, retry_after, body) = answer;
    let mut response = Response::builder().status(*status);
    if let Some(seconds) = retry_after {
        response = response.header("Retry-After", seconds.to_string());
    }
    let body = match body.strip_suffix(OPEN) {
        None => Full::new(Bytes::from(body.clone())).boxed_unsync(),
        Some(body) => {
            let first = BodyStream::new(Full::new(Bytes::from(body.to_owned())));
            StreamBody::new(first.chain(stream::pending())).boxed_unsync()
        }
    };
    response.body(body).unwrap()
}

/// The defaults, with a deadline that [`Pauses`] knows from a pause.
pub(in crate::kube) fn options() -> Options {
    Options { deadline: DEADLINE, streaming_lists: false, ..Options::default() }
}

const DEADLINE: Duration = Duration::from_secs(5);

/// A clock on which deadlines never pass and every other wait is over at once, and noted.
#[derive(Default)]
pub(in crate::kube) struct Pauses(Mutex<Vec<Duration>>);

impl Pauses {
    pub(in crate::kube) fn taken(&self) -> Vec<Duration> {
        self.0.lock().clone()
    }
}

#[async_trait]
impl Clock for Pauses {
    fn now(&self) -> Time {
        self.0.lock().iter().fold(Time::from_millis(0), |now, pause| now.plus(*pause))
    }

    async fn sleep(&self, duration: Duration) {
        if duration == DEADLINE || duration == Options::default().total {
            std::future::pending::<()>().await;
        }
        self.0.lock().push(duration);
    }
}

/// The clock of tokio's paused time, which leaps to the next wait when everybody waits.
pub(in crate::kube) struct Leaping(tokio::time::Instant);

impl Leaping {
    pub(in crate::kube) fn new() -> Arc<Self> {
        Arc::new(Self(tokio::time::Instant::now()))
    }
}

#[async_trait]
impl Clock for Leaping {
    fn now(&self) -> Time {
        Time::from_millis(0).plus(self.0.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
