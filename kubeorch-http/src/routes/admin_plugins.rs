//! Installing and removing plugins, for admins. Not part of the reference's contract.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::{Component, Json, OptionalJson, Params, PluginPath, reply};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::Done;
use crate::wire::graph::all;
use crate::wire::plugins::{Changed, ManagedList, OneManaged, Remote, Rollback, Uses};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Admin, routes!(list))
        .add(Permission::Admin, routes!(install))
        .add(Permission::Admin, routes!(show))
        .add(Permission::Admin, routes!(remove))
        .add(Permission::Admin, routes!(uses))
        .add(Permission::Admin, routes!(upgrade))
        .add(Permission::Admin, routes!(rollback))
        .add(Permission::Admin, routes!(enable))
        .add(Permission::Admin, routes!(disable))
}

/// All plugins by id: built in, installed, from the directory
#[utoipa::path(get, path = "/v1/api/admin/plugins", tag = "plugins", operation_id = "managed_plugins", responses(
    (status = 200, description = "All of them", body = ManagedList),
))]
async fn list(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<ManagedList>, Problem> {
    Ok(Json(ManagedList { plugins: all(api.engine.plugins().plugins(&actor).await?) }))
}

/// Installs a plugin and serves it
///
/// The body is the component itself (`application/wasm`), or JSON that says where it lies. Beside a component,
/// `Plugin-Signature` holds the base64 of its minisign file.
#[utoipa::path(post, path = "/v1/api/admin/plugins", tag = "plugins", operation_id = "install_plugin",
    request_body(content((Vec<u8> = "application/wasm"), (Remote = "application/json"))),
    params(
        ("name" = Option<String>, Query, description = "What messages call an uploaded component"),
        ("sha256" = Option<String>, Query, description = "The digest that an uploaded component must have"),
    ), responses(
    (status = 201, description = "Installed", body = Changed),
    (status = 400, description = "Not a component, or not one that is trusted; `findings`", body = Body),
    (status = 409, description = "Another version is installed; upgrade it", body = Body),
    (status = 413, description = "It is too large", body = Body),
))]
async fn install(
    State(api): State<Api>,
    Caller(actor): Caller,
    Component(package): Component,
) -> Result<Response, Problem> {
    let view = api.engine.plugins().install(&actor, package).await?;
    Ok(reply(StatusCode::CREATED, &Changed::new("Plugin installed successfully", view)))
}

/// One plugin
#[utoipa::path(get, path = "/v1/api/admin/plugins/{id}", tag = "plugins", operation_id = "managed_plugin", responses(
    (status = 200, description = "The plugin", body = OneManaged),
    (status = 404, description = "`Plugin not found`", body = Body),
))]
async fn show(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<OneManaged>, Problem> {
    Ok(Json(OneManaged { plugin: api.engine.plugins().get(&actor, &id).await?.into() }))
}

/// Removes a plugin with all its versions
#[utoipa::path(delete, path = "/v1/api/admin/plugins/{id}", tag = "plugins", operation_id = "remove_plugin",
    params(("force" = Option<bool>, Query, description = "Also when workflows use it; they no longer run then")),
    responses(
    (status = 200, description = "Removed", body = Done),
    (status = 404, description = "`Plugin not found`", body = Body),
    (status = 409, description = "Workflows use it, in `usedBy`; or it was not installed", body = Body),
))]
async fn remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
    params: Params,
) -> Result<Json<Done>, Problem> {
    api.engine.plugins().remove(&actor, &id, params.flag("force")).await?;
    Ok(Json(Done { message: "Plugin removed successfully" }))
}

/// Workflows that use a plugin, at most 100
#[utoipa::path(get, path = "/v1/api/admin/plugins/{id}/uses", tag = "plugins", operation_id = "plugin_uses", responses(
    (status = 200, description = "Who uses it", body = Uses),
    (status = 404, description = "`Plugin not found`", body = Body),
    (status = 409, description = "It was not installed", body = Body),
))]
async fn uses(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<Uses>, Problem> {
    Ok(Json(api.engine.plugins().uses(&actor, &id).await?.into()))
}

/// Puts a newer version in the place of the one in use, which is kept
///
/// Bodies are those of an install. When it fails, the version in use goes on and `failure` says why.
#[utoipa::path(post, path = "/v1/api/admin/plugins/{id}/upgrade", tag = "plugins", operation_id = "upgrade_plugin",
    request_body(content((Vec<u8> = "application/wasm"), (Remote = "application/json"))),
    params(
        ("name" = Option<String>, Query, description = "What messages call an uploaded component"),
        ("sha256" = Option<String>, Query, description = "The digest that an uploaded component must have"),
        ("downgrade" = Option<bool>, Query, description = "Takes an older version too, or another build of the same"),
    ), responses(
    (status = 200, description = "Upgraded", body = Changed),
    (status = 400, description = "Not a component, or not one that is trusted; `findings`", body = Body),
    (status = 404, description = "`Plugin not found`", body = Body),
    (status = 409, description = "It is not newer, or was not installed", body = Body),
    (status = 413, description = "It is too large", body = Body),
))]
async fn upgrade(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
    params: Params,
    Component(package): Component,
) -> Result<Json<Changed>, Problem> {
    let view = api.engine.plugins().upgrade(&actor, &id, package, params.flag("downgrade")).await?;
    Ok(Json(Changed::new("Plugin upgraded successfully", view)))
}

/// Goes back to a version that is kept
#[utoipa::path(post, path = "/v1/api/admin/plugins/{id}/rollback", tag = "plugins",
    operation_id = "roll_back_plugin", request_body = Option<Rollback>, responses(
    (status = 200, description = "Rolled back", body = Changed),
    (status = 400, description = "`Invalid request data`", body = Body),
    (status = 404, description = "`Plugin not found`", body = Body),
    (status = 409, description = "No such version is kept, or it was not installed", body = Body),
))]
async fn rollback(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
    OptionalJson(body): OptionalJson<Rollback>,
) -> Result<Json<Changed>, Problem> {
    let view = api.engine.plugins().rollback(&actor, &id, body.version.as_deref()).await?;
    Ok(Json(Changed::new("Plugin rolled back successfully", view)))
}

/// Serves a disabled plugin again, or tries one that failed
#[utoipa::path(post, path = "/v1/api/admin/plugins/{id}/enable", tag = "plugins",
    operation_id = "serve_plugin", responses(
    (status = 200, description = "Served", body = Changed),
    (status = 400, description = "It still cannot be served; `findings`", body = Body),
    (status = 404, description = "`Plugin not found`", body = Body),
    (status = 409, description = "It was not installed", body = Body),
))]
async fn enable(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<Changed>, Problem> {
    let view = api.engine.plugins().enable(&actor, &id).await?;
    Ok(Json(Changed::new("Plugin enabled successfully", view)))
}

/// Serves a plugin no longer, for everybody, whoever uses it
#[utoipa::path(post, path = "/v1/api/admin/plugins/{id}/disable", tag = "plugins",
    operation_id = "stop_serving_plugin", responses(
    (status = 200, description = "Disabled", body = Changed),
    (status = 404, description = "`Plugin not found`", body = Body),
    (status = 409, description = "It was not installed", body = Body),
))]
async fn disable(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<Changed>, Problem> {
    let view = api.engine.plugins().disable(&actor, &id).await?;
    Ok(Json(Changed::new("Plugin disabled successfully", view)))
}
