//! The caller's account (contract 2.2).

use axum::extract::State;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::Json;
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::auth::{Profile, Rename};

pub(crate) fn add(table: Table) -> Table {
    table.add(Permission::Bearer, routes!(show)).add(Permission::Bearer, routes!(rename))
}

/// The caller's account
#[utoipa::path(get, path = "/v1/api/profile", tag = "profile", operation_id = "show_profile", responses(
    (status = 200, description = "The account", body = Profile),
    (status = 404, description = "`User not found`", body = Body),
))]
async fn show(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<Profile>, Problem> {
    Ok(Json(api.engine.users().profile(&actor).await?.into()))
}

/// Changes the caller's name
#[utoipa::path(put, path = "/v1/api/profile", tag = "profile", operation_id = "rename_profile",
    request_body = Rename, responses(
    (status = 200, description = "The account", body = Profile),
    (status = 400, description = "`Name is required`", body = Body),
))]
async fn rename(
    State(api): State<Api>,
    Caller(actor): Caller,
    Json(body): Json<Rename>,
) -> Result<Json<Profile>, Problem> {
    Ok(Json(api.engine.users().rename(&actor, &body.name).await?.into()))
}
