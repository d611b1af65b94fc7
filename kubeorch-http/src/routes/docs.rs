//! The OpenAPI description (contract 1.1).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use crate::api::Api;
use crate::openapi::Docs;
use crate::problem::Problem;
use crate::table::{Permission, Table};

pub(crate) fn add(table: Table) -> Table {
    table.add(Permission::Public, routes!(yaml)).add(Permission::Public, routes!(json))
}

/// This description as YAML
#[utoipa::path(get, path = "/v1/api-docs", tag = "docs", operation_id = "openapi_yaml", responses(
    (status = 200, description = "OpenAPI 3.1", content_type = "application/yaml", body = String),
))]
async fn yaml(State(api): State<Api>) -> Result<Response, Problem> {
    answer(&api, "application/yaml", |docs| &docs.yaml)
}

/// This description as JSON
#[utoipa::path(get, path = "/v1/api-docs/json", tag = "docs", operation_id = "openapi_json", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object),
))]
async fn json(State(api): State<Api>) -> Result<Response, Problem> {
    answer(&api, crate::extract::JSON, |docs| &docs.json)
}

fn answer(api: &Api, kind: &'static str, pick: impl Fn(&Docs) -> &Bytes) -> Result<Response, Problem> {
    // `router` renders them before it hands the router out.
    let docs = api.docs.get().ok_or_else(|| Problem::internal("the description was not rendered"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], pick(docs).clone()).into_response())
}
