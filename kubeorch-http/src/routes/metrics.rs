//! Prometheus metrics (contract 1.14).

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa_axum::routes;

use crate::api::Api;
use crate::table::{Permission, Table};

pub(crate) fn add(table: Table) -> Table {
    table.add(Permission::Public, routes!(metrics))
}

/// Metrics in Prometheus' text format
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "OpenMetrics text", content_type = "text/plain", body = String),
))]
async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.telemetry.render())
}
