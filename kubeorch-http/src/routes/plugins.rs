//! The catalogue of plugins and a user's choice (contract 2.11).

use axum::extract::State;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::{Json, PluginPath};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::Done;
use crate::wire::graph::all;
use crate::wire::plugins::{Categories, Enabled, List, One};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Bearer, routes!(list))
        .add(Permission::Bearer, routes!(enabled))
        .add(Permission::Bearer, routes!(categories))
        .add(Permission::Bearer, routes!(show))
        .add(Permission::Bearer, routes!(enable))
        .add(Permission::Bearer, routes!(disable))
}

/// The catalogue, by category, then id
#[utoipa::path(get, path = "/v1/api/plugins", tag = "plugins", operation_id = "list_plugins", responses(
    (status = 200, description = "All entries", body = List),
))]
async fn list(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<List>, Problem> {
    Ok(Json(List { plugins: all(api.engine.plugins().list(&actor).await?) }))
}

/// What the caller enabled
#[utoipa::path(get, path = "/v1/api/plugins/enabled", tag = "plugins", operation_id = "enabled_plugins", responses(
    (status = 200, description = "Enabled entries", body = Enabled),
))]
async fn enabled(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<Enabled>, Problem> {
    Ok(Json(Enabled { plugins: all(api.engine.plugins().enabled(&actor).await?) }))
}

/// The categories of the catalogue
#[utoipa::path(get, path = "/v1/api/plugins/categories", tag = "plugins",
    operation_id = "plugin_categories", responses(
    (status = 200, description = "Sorted", body = Categories),
))]
async fn categories(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<Categories>, Problem> {
    Ok(Json(Categories { categories: api.engine.plugins().categories(&actor).await? }))
}

/// One entry
#[utoipa::path(get, path = "/v1/api/plugins/{id}", tag = "plugins", operation_id = "show_plugin", responses(
    (status = 200, description = "The entry", body = One),
    (status = 404, description = "`Plugin not found`", body = Body),
))]
async fn show(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<One>, Problem> {
    Ok(Json(api.engine.plugins().entry(&actor, &id).await?.into()))
}

/// Puts an entry's node types into the caller's palette
#[utoipa::path(post, path = "/v1/api/plugins/{id}/enable", tag = "plugins", operation_id = "enable_plugin", responses(
    (status = 200, description = "Enabled, now or before", body = Done),
    (status = 404, description = "`Plugin not found`", body = Body),
))]
async fn enable(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<Done>, Problem> {
    api.engine.plugins().enable_entry(&actor, &id).await?;
    Ok(Json(Done { message: "Plugin enabled successfully" }))
}

/// Takes an entry's node types out of the caller's palette; nodes that are drawn stay and still deploy
#[utoipa::path(post, path = "/v1/api/plugins/{id}/disable", tag = "plugins",
    operation_id = "disable_plugin", responses(
    (status = 200, description = "Disabled, now or before", body = Done),
    (status = 404, description = "`Plugin not found`", body = Body),
))]
async fn disable(
    State(api): State<Api>,
    Caller(actor): Caller,
    PluginPath(id): PluginPath,
) -> Result<Json<Done>, Problem> {
    api.engine.plugins().disable_entry(&actor, &id).await?;
    Ok(Json(Done { message: "Plugin disabled successfully" }))
}
