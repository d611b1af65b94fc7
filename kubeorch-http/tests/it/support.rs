//! An app to call, and goldens.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use kubeorch_core::Engine;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::plugin::fake::{Downloads, Sandbox, Types};
use kubeorch_core::plugins::{Policy, Trust};
use kubeorch_core::secret::Secret;
use kubeorch_core::time::{ManualClock, SeededEntropy};
use kubeorch_http::Options;
use serde_json::Value;
use tower::ServiceExt;

/// 2026-01-01T09:30:00.000Z.
const START: i64 = 1_767_259_800_000;

pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) cluster: Fake,
    pub(crate) router: Router,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn engine(cluster: &Fake) -> Engine {
    let sandbox = Arc::new(Sandbox::new(Types::toys()));
    let trust = Trust { allow_unsigned: true, ..Trust::default() };
    Engine::builder()
        .plugins(sandbox.clone())
        .sandbox(sandbox)
        .download(Arc::new(Downloads::default()))
        .plugin_policy(Policy { trust, max_bytes: 64 << 10, ..Policy::default() })
        .cluster("lab", Arc::new(cluster.clone()))
        .clock(Arc::new(ManualClock::at_millis(START)))
        .entropy(Arc::new(SeededEntropy::new(1)))
        .encryption_key(Secret::new("test"))
        .build()
        .await
        .unwrap()
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let cluster = Fake::new();
        let engine = engine(&cluster).await;
        let router = kubeorch_http::router(engine.clone(), options);
        Self { engine, cluster, router }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        self.send(request(method, path, token, body)).await
    }

    /// Registers the first account (the admin), or a further one with the invite code; answers its token.
    pub(crate) async fn account(&self, name: &str) -> String {
        let code = self
            .engine
            .settings()
            .invite_code(&kubeorch_core::actor::Actor::System)
            .await
            .unwrap_or_default();
        let body = serde_json::json!({
            "email": format!("{name}@acme.test"), "password": "secret1", "name": name, "inviteCode": code,
        });
        let answer = self.call("POST", "/v1/api/auth/register", "", &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A published workflow of one gadget on the fake cluster; answers its id.
    pub(crate) async fn workflow(&self, token: &str) -> String {
        let made =
            self.call("POST", "/v1/api/workflows", token, r#"{"name":"shop","cluster_id":"lab"}"#).await;
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let saved = self.call("POST", &format!("/v1/api/workflows/{id}/save"), token, GRAPH).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
        let path = format!("/v1/api/workflows/{id}/status");
        self.call("PUT", &path, token, r#"{"status":"published"}"#).await;
        id
    }
}

pub(crate) const GRAPH: &str = r#"{"nodes":[{"id":"node-1","type":"gadget","position":{"x":1.5,"y":-2},"selected":true,
    "data":{"name":"conf","settings":{"theme":"dark"},"_ui":1,"port":null}}],"edges":[]}"#;

pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Request<Body> {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// Compares with a file of `tests/golden`; `KUBEORCH_BLESS=1` rewrites it.
pub(crate) fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("KUBEORCH_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != text {
        let line = expected.lines().zip(text.lines()).position(|(a, b)| a != b);
        let line = line.unwrap_or_else(|| expected.lines().count().min(text.lines().count()));
        panic!(
            "{name} differs in line {}:\n  golden: {:?}\n  now:    {:?}\nKUBEORCH_BLESS=1 rewrites it",
            line + 1,
            expected.lines().nth(line),
            text.lines().nth(line)
        );
    }
}
