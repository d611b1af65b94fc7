//! The matrix of who may call what, generated from the route table.

use axum::http::StatusCode;
use kubeorch_http::{Permission, contract};

use crate::support::App;

/// A route that joins this list is a decision, not an accident.
const PUBLIC: [&str; 13] = [
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /health/startup",
    "GET /metrics",
    "GET /ready",
    "GET /v1",
    "GET /v1/api-docs",
    "GET /v1/api-docs/json",
    "GET /v1/api/auth/methods",
    "POST /v1/api/auth/login",
    "POST /v1/api/auth/refresh",
    "POST /v1/api/auth/register",
];

#[tokio::test]
async fn only_listed_routes_are_public() {
    let rows = contract(App::new().await.engine).rows;
    let public = rows.iter().filter(|row| row.permission == Permission::Public);
    let mut names: Vec<_> = public.map(|row| format!("{} {}", row.method, row.path)).collect();
    names.sort_unstable();
    assert_eq!(names, PUBLIC);
}

fn fill(path: &str) -> String {
    path.replace("{id}", "aaaaaaaaaaaaaaaaaaaaaaaa")
        .replace("{runId}", "bbbbbbbbbbbbbbbbbbbbbbbb")
        .replace("{version}", "1")
        .replace("{name}", "nowhere")
}

#[tokio::test]
async fn every_route_that_is_not_public_asks_for_a_token() {
    let app = App::new().await;
    let admin = app.account("ana").await;
    let user = app.account("ben").await;
    let rows = contract(app.engine.clone()).rows;
    assert!(rows.len() > 45, "{}", rows.len());
    for row in rows {
        let path = fill(&row.path);
        let name = format!("{} {path}", row.method);
        let status = |token: &str, query: &str| {
            let (path, token) = (format!("{path}{query}"), token.to_owned());
            let (app, method) = (&app, row.method.clone());
            async move { app.call(&method, &path, &token, "").await.status }
        };
        let query = format!("?token={admin}");
        let anonymous = status("", "").await;
        let by_query = status("", &query).await;
        if row.permission == Permission::Public {
            assert!(anonymous != StatusCode::UNAUTHORIZED || path.ends_with("/auth/refresh"), "{name}");
            continue;
        }
        assert_eq!(anonymous, StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(status("forged", "").await, StatusCode::UNAUTHORIZED, "{name}");
        let in_query = row.permission == Permission::Stream;
        assert_eq!(by_query != StatusCode::UNAUTHORIZED, in_query, "{name} with the token in the query");
        assert_ne!(status(&admin, "").await, StatusCode::UNAUTHORIZED, "{name}");
        let forbidden = status(&user, "").await == StatusCode::FORBIDDEN;
        assert_eq!(forbidden, row.permission == Permission::Admin, "{name} as a user");
    }
}

#[tokio::test]
async fn a_foreign_workflow_answers_like_an_unknown_one() {
    let app = App::new().await;
    let owner = app.account("ana").await;
    let other = app.account("ben").await;
    let id = app.workflow(&owner).await;
    for row in contract(app.engine.clone()).rows {
        if !row.path.starts_with("/v1/api/workflows/{id}") {
            continue;
        }
        let plan = "0".repeat(64);
        let body =
            format!(r#"{{"name":"x","nodes":[],"edges":[],"status":"draft","plan":"{plan}","version":1}}"#);
        let query = if row.path.ends_with("/compare") { "?v1=1&v2=1" } else { "" };
        let foreign = format!("{}{query}", fill(&row.path.replace("{id}", &id)));
        let unknown = format!("{}{query}", fill(&row.path));
        let answers = [
            app.call(&row.method, &foreign, &other, &body).await,
            app.call(&row.method, &unknown, &other, &body).await,
        ];
        let shown = answers.each_ref().map(|answer| (answer.status, answer.json()["error"].clone()));
        assert_eq!(shown[0], shown[1], "{} {}", row.method, row.path);
        assert_eq!(shown[0].0, StatusCode::NOT_FOUND, "{} {}", row.method, row.path);
    }
    let kept = app.call("GET", &format!("/v1/api/workflows/{id}"), &owner, "").await;
    assert_eq!(kept.json()["status"], "published");
}
