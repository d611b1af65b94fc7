//! Clusters, addressed by name (contract 2.6). Metrics and sharing are not built, so they have no route.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::{ClusterPath, Json, Params, reply};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::clusters::{
    Added, Changed, Cluster, Create, List, Logs, Named, Refreshed, StatusView, Tested, Update,
    UpdateCredentials,
};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Bearer, routes!(create))
        .add(Permission::Bearer, routes!(list))
        .add(Permission::Bearer, routes!(default))
        .add(Permission::Bearer, routes!(show))
        .add(Permission::Bearer, routes!(update))
        .add(Permission::Bearer, routes!(remove))
        .add(Permission::Bearer, routes!(set_default))
        .add(Permission::Bearer, routes!(test))
        .add(Permission::Bearer, routes!(refresh))
        .add(Permission::Bearer, routes!(status))
        .add(Permission::Bearer, routes!(logs))
        .add(Permission::Bearer, routes!(update_credentials))
}

/// Adds a cluster and tries to connect
///
/// A cluster that doesn't answer within five seconds is added all the same; `status` says so.
#[utoipa::path(post, path = "/v1/api/clusters", tag = "clusters", operation_id = "add_cluster",
    request_body = Create, responses(
    (status = 201, description = "Added", body = Added),
    (status = 400, description = "`Invalid request body`", body = Body),
    (status = 409, description = "The name is taken", body = Body),
))]
async fn create(
    State(api): State<Api>,
    Caller(actor): Caller,
    Json(body): Json<Create>,
) -> Result<Response, Problem> {
    let view = api.engine.clusters().create(&actor, body.into()).await?;
    Ok(reply(StatusCode::CREATED, &Added::from(view)))
}

/// The caller's clusters, newest first
#[utoipa::path(get, path = "/v1/api/clusters", tag = "clusters", operation_id = "list_clusters", responses(
    (status = 200, description = "All of them", body = List),
))]
async fn list(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<List>, Problem> {
    Ok(Json(api.engine.clusters().list(&actor).await?.into()))
}

/// The caller's default cluster
#[utoipa::path(get, path = "/v1/api/clusters/default", tag = "clusters", operation_id = "default_cluster", responses(
    (status = 200, description = "The cluster", body = Cluster),
    (status = 404, description = "`No default cluster set`", body = Body),
))]
async fn default(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<Cluster>, Problem> {
    Ok(Json(api.engine.clusters().default(&actor).await?.into()))
}

/// One cluster
#[utoipa::path(get, path = "/v1/api/clusters/{name}", tag = "clusters", operation_id = "show_cluster", responses(
    (status = 200, description = "The cluster", body = Cluster),
    (status = 404, description = "`Cluster not found`", body = Body),
))]
async fn show(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
) -> Result<Json<Cluster>, Problem> {
    Ok(Json(api.engine.clusters().get(&actor, &name).await?.into()))
}

/// Changes what is given; credentials are merged member by member
#[utoipa::path(put, path = "/v1/api/clusters/{name}", tag = "clusters", operation_id = "update_cluster",
    request_body = Update, responses(
    (status = 200, description = "Changed", body = Changed),
    (status = 400, description = "`Invalid request body`", body = Body),
    (status = 403, description = "It comes with the server", body = Body),
    (status = 404, description = "`Cluster not found`", body = Body),
))]
async fn update(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
    Json(body): Json<Update>,
) -> Result<Json<Changed>, Problem> {
    let cluster = api.engine.clusters().update(&actor, &name, body.into()).await?.into();
    Ok(Json(Changed { message: "Cluster updated successfully", cluster }))
}

/// Removes a cluster from the list; nothing in it is touched
#[utoipa::path(delete, path = "/v1/api/clusters/{name}", tag = "clusters", operation_id = "remove_cluster", responses(
    (status = 200, description = "Removed", body = Named),
    (status = 403, description = "It comes with the server", body = Body),
    (status = 404, description = "`Cluster not found`", body = Body),
))]
async fn remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
) -> Result<Json<Named>, Problem> {
    api.engine.clusters().remove(&actor, &name).await?;
    Ok(Json(Named { message: "Cluster removed successfully", cluster: name }))
}

/// Makes a cluster the caller's default
#[utoipa::path(put, path = "/v1/api/clusters/{name}/default", tag = "clusters",
    operation_id = "set_default_cluster", responses(
    (status = 200, description = "Set", body = Named),
    (status = 404, description = "`Cluster not found`", body = Body),
))]
async fn set_default(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
) -> Result<Json<Named>, Problem> {
    api.engine.clusters().set_default(&actor, &name).await?;
    Ok(Json(Named { message: "Default cluster set successfully", cluster: name }))
}

/// Connects with the stored credentials; the outcome becomes the status
#[utoipa::path(post, path = "/v1/api/clusters/{name}/test", tag = "clusters", operation_id = "test_cluster", responses(
    (status = 200, description = "It answered", body = Tested),
    (status = 404, description = "`Cluster not found`", body = Body),
    (status = 503, description = "It didn't, or refused; `cluster` and `status`", body = Body),
))]
async fn test(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
) -> Result<Json<Tested>, Problem> {
    match api.engine.clusters().test(&actor, &name).await {
        Ok(_) => Ok(Json(Tested::well(name))),
        Err(error) => Err(Problem::from(error).with("cluster", name).with("status", "failed")),
    }
}

/// Reads version, extent and capabilities anew
#[utoipa::path(post, path = "/v1/api/clusters/{name}/refresh", tag = "clusters",
    operation_id = "refresh_cluster", responses(
    (status = 200, description = "What it found", body = Refreshed),
    (status = 404, description = "`Cluster not found`", body = Body),
    (status = 503, description = "It doesn't answer, or refused", body = Body),
))]
async fn refresh(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
) -> Result<Json<Refreshed>, Problem> {
    let clusters = api.engine.clusters();
    clusters.refresh(&actor, &name).await?;
    Ok(Json(clusters.get(&actor, &name).await?.into()))
}

/// The stored status, without a call to the cluster
#[utoipa::path(get, path = "/v1/api/clusters/{name}/status", tag = "clusters",
    operation_id = "cluster_status", responses(
    (status = 200, description = "The status", body = StatusView),
    (status = 404, description = "`Cluster not found`", body = Body),
))]
async fn status(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
) -> Result<Json<StatusView>, Problem> {
    let view = api.engine.clusters().get(&actor, &name).await?;
    Ok(Json(StatusView::new(view, api.engine.now())))
}

/// The connection log, newest first
#[utoipa::path(get, path = "/v1/api/clusters/{name}/logs", tag = "clusters", operation_id = "cluster_logs", responses(
    (status = 200, description = "The log", body = Logs),
    (status = 404, description = "`Cluster not found`", body = Body),
), params(("limit" = Option<usize>, Query, description = "1 to 1000; default 100", minimum = 1, maximum = 1000)))]
async fn logs(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
    params: Params,
) -> Result<Json<Logs>, Problem> {
    let limit = params.number("limit", 100, 1..=1000);
    let entries = api.engine.clusters().logs(&actor, &name, limit).await?;
    Ok(Json(Logs::new(name, entries)))
}

/// Replaces credentials once they were tried; when they fail nothing is stored
#[utoipa::path(put, path = "/v1/api/clusters/{name}/credentials", tag = "clusters",
    operation_id = "update_cluster_credentials", request_body = UpdateCredentials, responses(
    (status = 200, description = "Stored", body = Named),
    (status = 400, description = "`Invalid request body`", body = Body),
    (status = 403, description = "It comes with the server", body = Body),
    (status = 404, description = "`Cluster not found`", body = Body),
    (status = 503, description = "The test failed", body = Body),
))]
async fn update_credentials(
    State(api): State<Api>,
    Caller(actor): Caller,
    ClusterPath(name): ClusterPath,
    Json(body): Json<UpdateCredentials>,
) -> Result<Json<Named>, Problem> {
    api.engine.clusters().update_credentials(&actor, &name, body.credentials.into()).await?;
    Ok(Json(Named { message: "Credentials updated successfully", cluster: name }))
}
