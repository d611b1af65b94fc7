//! The greeting and the probes (contract 1.1).

use axum::extract::State;
use kubeorch_core::Engine;
use serde::Serialize;
use utoipa_axum::routes;

use crate::api::Api;
use crate::extract::Json;
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Public, routes!(greeting))
        .add(Permission::Public, routes!(health))
        .add(Permission::Public, routes!(live))
        .add(Permission::Public, routes!(startup))
        .add(Permission::Public, routes!(ready))
        .add(Permission::Public, routes!(ready_short))
}

/// A friendly word.
#[derive(Serialize, utoipa::ToSchema)]
struct Greeting {
    message: &'static str,
    status: &'static str,
}

/// The answer of every probe.
#[derive(Serialize, utoipa::ToSchema)]
struct Health {
    /// `healthy`.
    status: &'static str,
}

const HEALTHY: Json<Health> = Json(Health { status: "healthy" });

/// A greeting, used as a liveness probe by clients
#[utoipa::path(get, path = "/v1", tag = "health", responses(
    (status = 200, description = "The greeting", body = Greeting),
))]
async fn greeting() -> Json<Greeting> {
    Json(Greeting { message: "Welcome to the KubeOrch API", status: "success" })
}

/// Whether the process answers
#[utoipa::path(get, path = "/health", tag = "health", responses(
    (status = 200, description = "It does", body = Health),
))]
async fn health() -> Json<Health> {
    HEALTHY
}

/// Whether the process answers
#[utoipa::path(get, path = "/health/live", tag = "health", responses(
    (status = 200, description = "It does", body = Health),
))]
async fn live() -> Json<Health> {
    HEALTHY
}

/// Whether the engine has started
#[utoipa::path(get, path = "/health/startup", tag = "health", responses(
    (status = 200, description = "It has", body = Health),
    (status = 503, description = "Not yet", body = Body),
))]
async fn startup(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    // A store that only reads for now is no reason to start the process again.
    check(&api, Engine::reads)
}

/// Whether the store answers and takes writes
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, description = "It does", body = Health),
    (status = 503, description = "It doesn't, for the reason in `error`, or the server is stopping", body = Body),
))]
async fn ready(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    check(&api, Engine::ready)
}

/// The same as `/health/ready`
#[utoipa::path(get, path = "/ready", tag = "health", responses(
    (status = 200, description = "It does", body = Health),
    (status = 503, description = "It doesn't, for the reason in `error`, or the server is stopping", body = Body),
))]
async fn ready_short(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    check(&api, Engine::ready)
}

fn check(api: &Api, what: fn(&Engine) -> Result<(), kubeorch_core::Error>) -> Result<Json<Health>, Problem> {
    if api.options.drain.is_cancelled() {
        return Err(Problem::stopping());
    }
    what(&api.engine)?;
    Ok(HEALTHY)
}
