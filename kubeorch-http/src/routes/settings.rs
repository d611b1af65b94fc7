//! Server-wide settings, for admins (contract 2.16).

use axum::extract::State;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::Json;
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::settings::{InviteCode, Regenerate, SetRegenerate};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Admin, routes!(invite_code))
        .add(Permission::Admin, routes!(generate_invite_code))
        .add(Permission::Admin, routes!(regenerate))
        .add(Permission::Admin, routes!(set_regenerate))
}

/// The code that the next account must bring
#[utoipa::path(get, path = "/v1/api/settings/invite-code", tag = "settings", responses(
    (status = 200, description = "The code", body = InviteCode),
))]
async fn invite_code(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<InviteCode>, Problem> {
    let invite_code = api.engine.settings().invite_code(&actor).await?;
    Ok(Json(InviteCode { invite_code }))
}

/// Replaces the invite code; the old one stops working at once
#[utoipa::path(post, path = "/v1/api/settings/generate-invite-code", tag = "settings", responses(
    (status = 200, description = "The new code", body = InviteCode),
))]
async fn generate_invite_code(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Json<InviteCode>, Problem> {
    let invite_code = api.engine.settings().new_invite_code(&actor).await?;
    Ok(Json(InviteCode { invite_code }))
}

/// Whether a used code is replaced
#[utoipa::path(get, path = "/v1/api/settings/regenerate-setting", tag = "settings",
    operation_id = "regenerate_setting", responses(
    (status = 200, description = "The setting and the code", body = Regenerate),
))]
async fn regenerate(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<Regenerate>, Problem> {
    let (regenerate_after_signup, invite_code) = api.engine.settings().regenerate(&actor).await?;
    Ok(Json(Regenerate { regenerate_after_signup, invite_code }))
}

/// Decides whether a used code is replaced
#[utoipa::path(put, path = "/v1/api/settings/regenerate-setting", tag = "settings",
    operation_id = "set_regenerate_setting", request_body = SetRegenerate, responses(
    (status = 200, description = "The setting", body = SetRegenerate),
    (status = 400, description = "`Invalid request data`", body = Body),
))]
async fn set_regenerate(
    State(api): State<Api>,
    Caller(actor): Caller,
    Json(body): Json<SetRegenerate>,
) -> Result<Json<SetRegenerate>, Problem> {
    api.engine.settings().set_regenerate(&actor, body.regenerate_after_signup).await?;
    Ok(Json(body))
}
