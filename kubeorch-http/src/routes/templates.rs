//! The palette (contract 2.10).

use axum::extract::State;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::Json;
use crate::problem::Problem;
use crate::table::{Permission, Table};
use crate::wire::templates::List;

pub(crate) fn add(table: Table) -> Table {
    table.add(Permission::Bearer, routes!(list))
}

/// Every node type, by category, then name
#[utoipa::path(get, path = "/v1/api/templates", tag = "templates", operation_id = "list_templates", responses(
    (status = 200, description = "The templates", body = List),
))]
async fn list(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<List>, Problem> {
    Ok(Json(api.engine.templates().list(&actor).await?.into()))
}
