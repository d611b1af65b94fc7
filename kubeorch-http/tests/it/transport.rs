//! What holds for every request: unknown paths, limits, ids, CORS, metrics.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use kubeorch_core::actor::Actor;
use kubeorch_core::plugin::fake::component;
use kubeorch_core::plugins::Package;
use kubeorch_http::{Options, Rate};
use serde_json::json;

use crate::support::{App, request};

#[tokio::test]
async fn unknown_paths_and_methods_answer_404_as_json() {
    let app = App::new().await;
    let token = app.account("ana").await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1/api/nothing"),
        ("PATCH", "/v1/api/workflows"),
        ("GET", "/v1/api/auth/login"),
        ("GET", "/v1/api/clusters/lab/metrics"),
        ("POST", "/v1/api/clusters/lab/share"),
        ("GET", "/v1/api/builds"),
        ("GET", "/v1/api/auth/oauth/github/authorize"),
        ("GET", "/v1/api/nothing/"),
    ] {
        for token in ["", token.as_str()] {
            let answer = app.call(method, path, token, "").await;
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.json()["code"], "route.not_found");
            assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        }
    }
}

#[tokio::test]
async fn a_trailing_slash_is_redirected() {
    let app = App::new().await;
    for (method, path, status, location) in [
        ("GET", "/v1/", 301, "../v1"),
        ("GET", "/v1/api/workflows/?a=1", 301, "../workflows?a=1"),
        ("POST", "/v1/api/workflows/", 307, "../workflows"),
        ("PUT", "/v1/api/workflows/x/status/", 307, "../status"),
    ] {
        let answer = app.call(method, path, "", "").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (status, Some(location)), "{path}");
    }
}

#[tokio::test]
async fn bad_ids_are_400() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    for (path, text) in [
        ("/v1/api/workflows/66A1f0c2b7d84e0012ab34cd".to_owned(), "Invalid workflow ID"),
        ("/v1/api/workflows/x/runs".to_owned(), "Invalid workflow ID"),
        (format!("/v1/api/workflows/{id}/runs/x"), "Invalid run ID"),
        (format!("/v1/api/workflows/{id}/versions/x"), "Invalid version number"),
        (format!("/v1/api/workflows/{id}/versions/compare"), "Invalid or missing version number v1"),
        (
            format!("/v1/api/workflows/{id}/versions/compare?v1=1&v2=x"),
            "Invalid or missing version number v2",
        ),
    ] {
        let answer = app.call("GET", &path, &token, "").await;
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some(text)), "{path}");
    }
}

#[tokio::test]
async fn bodies_are_bounded() {
    let app = App::with(Options { body_limit: 100, ..Options::default() }).await;
    let chunks = (0..3).map(|_| Ok::<_, std::io::Error>("x".repeat(50)));
    let streamed = Body::from_stream(futures::stream::iter(chunks));
    let stated = request("POST", "/v1/api/auth/login", "", &"x".repeat(101));
    let unstated = Request::builder().method("POST").uri("/v1/api/auth/login").body(streamed).unwrap();
    for request in [stated, unstated] {
        let answer = app.send(request).await;
        assert_eq!(answer.status, 413);
        assert_eq!(answer.json()["code"], "request.too_large");
    }
    assert_eq!(app.call("POST", "/v1/api/auth/login", "", &"x".repeat(100)).await.status, 400);
}

#[tokio::test]
async fn requests_per_address_are_limited_except_for_probes() {
    let slow = Some(Rate { per_second: 1, burst: 3 });
    let app = App::with(Options { rate: slow, ..Options::default() }).await;
    let send = |path: &str, address: &str| {
        let mut request = request("GET", path, "", "");
        request.extensions_mut().insert(ConnectInfo(address.parse::<SocketAddr>().unwrap()));
        app.send(request)
    };
    let mut last = None;
    for _ in 0..8 {
        last = Some(send("/v1/api/auth/methods", "192.0.2.1:1000").await);
    }
    let refused = last.unwrap();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["error"], "rate limit exceeded, please try again later");
    assert_eq!(send("/v1/api/auth/methods", "192.0.2.2:1000").await.status, 200);
    for path in ["/health", "/ready", "/metrics", "/v1/api-docs", "/v1"] {
        assert_eq!(send(path, "192.0.2.1:1001").await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn browsers_of_listed_origins_may_call() {
    let app = App::new().await;
    for (origin, allowed) in [("http://localhost:3001", true), ("http://evil.test", false)] {
        let mut preflight = request("OPTIONS", "/v1/api/workflows", "", "");
        preflight.headers_mut().insert("origin", origin.parse().unwrap());
        preflight.headers_mut().insert("access-control-request-method", "POST".parse().unwrap());
        let answer = app.send(preflight).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
        assert_eq!(answer.header("access-control-max-age"), Some("43200"));
        let mut plain = request("GET", "/v1/api/workflows", "", "");
        plain.headers_mut().insert("origin", origin.parse().unwrap());
        let answer = app.send(plain).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
        assert!(answer.header("access-control-expose-headers").unwrap().contains("x-request-id"));
    }
}

#[tokio::test]
async fn ids_travel_and_metrics_count_by_pattern() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    let mut with_id = request("GET", &format!("/v1/api/workflows/{id}"), &token, "");
    with_id.headers_mut().insert("x-request-id", "from-me".parse().unwrap());
    assert_eq!(app.send(with_id).await.header("x-request-id"), Some("from-me"));
    app.call("GET", "/nothing", "", "").await;
    let package = Package::bytes(
        "mq",
        component(
            &json!({ "nodeTypes": [],
        "plugin": { "id": "mq", "name": "MQ", "version": "1.0.0" } }),
            None,
        ),
    );
    app.engine.plugins().install(&Actor::System, package).await.unwrap();
    let text = app.call("GET", "/metrics", "", "").await.text;
    assert!(text.contains(r#"path="/v1/api/workflows/:id",status="200""#), "{text}");
    assert!(text.contains(r#"path="unmatched",status="404""#), "{text}");
    assert!(text.contains("http_requests_in_flight 1\n"), "{text}");
    assert!(text.contains("kubeorch_plugin_calls_total{plugin=\"mq\",version=\"1.0.0\"} 0"), "{text}");
    assert!(text.contains("kubeorch_plugin_state{plugin=\"mq\",state=\"serving\"} 1"), "{text}");
    assert!(!text.contains(&id), "an id is not a label");
}

#[tokio::test]
async fn probes_answer_and_turn_when_the_server_drains() {
    let options = Options::default();
    let drain = options.drain.clone();
    let app = App::with(options).await;
    let probes = ["/health", "/health/live", "/health/ready", "/health/startup", "/ready"];
    for path in probes {
        let answer = app.call("GET", path, "", "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, r#"{"status":"healthy"}"#),
            "{path}"
        );
    }
    drain.cancel();
    assert_eq!(app.call("GET", "/ready", "", "").await.status, 503);
    assert_eq!(app.call("GET", "/health/live", "", "").await.status, 200);
}

#[tokio::test]
async fn the_router_can_be_mounted_below_a_path() {
    let app = App::new().await;
    let mounted = axum::Router::new().nest("/orchestra", app.router.clone());
    let app = App { router: mounted, ..app };
    assert_eq!(app.call("GET", "/orchestra/v1/api/auth/methods", "", "").await.status, 200);
    assert_eq!(app.call("GET", "/orchestra/v1/api/profile", "", "").await.status, 401);
    let metrics = app.call("GET", "/orchestra/metrics", "", "").await.text;
    assert!(metrics.contains(r#"path="/v1/api/profile",status="401""#), "{metrics}");
}

#[tokio::test]
async fn a_request_that_hangs_is_ended() {
    let app = App::with(Options { request_timeout: std::time::Duration::ZERO, ..Options::default() }).await;
    // Hashing a password happens on another thread, so the handler has to wait.
    let body = r#"{"email":"a@b.test","password":"secret1","name":"a"}"#;
    let answer = app.call("POST", "/v1/api/auth/register", "", body).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (503, Some("request.timeout")));
}
