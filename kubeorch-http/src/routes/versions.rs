//! Versions of a workflow (contract 2.5).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kubeorch_core::page::Page;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::{Json, Params, VersionPath, WorkflowPath, reply};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::versions::{Changed, Comparison, Label, List, Restored, Version};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Bearer, routes!(list))
        .add(Permission::Bearer, routes!(compare))
        .add(Permission::Bearer, routes!(show))
        .add(Permission::Bearer, routes!(create))
        .add(Permission::Bearer, routes!(edit))
        .add(Permission::Bearer, routes!(restore))
}

/// A window on the versions, highest first
#[utoipa::path(get, path = "/v1/api/workflows/{id}/versions", tag = "versions",
    operation_id = "list_versions", responses(
    (status = 200, description = "The window", body = List),
    (status = 400, description = "`Invalid workflow ID`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
), params(
    ("page" = Option<usize>, Query, description = "From 1; default 1", minimum = 1),
    ("limit" = Option<usize>, Query, description = "1 to 50; default 10", minimum = 1, maximum = 50),
))]
async fn list(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    params: Params,
) -> Result<Json<List>, Problem> {
    let (page, limit) = (params.number("page", 1, 1..=usize::MAX), params.number("limit", 10, 1..=50));
    let paged = api.engine.workflows().versions(&actor, id, Page::numbered(page, limit)).await?;
    Ok(Json(List::new(paged, page, limit)))
}

/// One version
#[utoipa::path(get, path = "/v1/api/workflows/{id}/versions/{version}", tag = "versions",
    operation_id = "show_version", responses(
    (status = 200, description = "The version", body = Version),
    (status = 400, description = "`Invalid workflow ID` or `Invalid version number`", body = Body),
    (status = 404, description = "`Workflow not found` or `Version not found`", body = Body),
))]
async fn show(
    State(api): State<Api>,
    Caller(actor): Caller,
    VersionPath(id, number): VersionPath,
) -> Result<Json<Version>, Problem> {
    Ok(Json(api.engine.workflows().version(&actor, id, number).await?.into()))
}

/// Snapshots the saved graph
#[utoipa::path(post, path = "/v1/api/workflows/{id}/versions", tag = "versions",
    operation_id = "create_version", request_body = Label, responses(
    (status = 201, description = "Made", body = Changed),
    (status = 400, description = "`Invalid request data`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
))]
async fn create(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    Json(body): Json<Label>,
) -> Result<Response, Problem> {
    let version = api.engine.workflows().create_version(&actor, id, body.into()).await?.into();
    Ok(reply(StatusCode::CREATED, &Changed { message: "Version created successfully", version }))
}

/// Changes name, tag and description; the content can't be changed
#[utoipa::path(put, path = "/v1/api/workflows/{id}/versions/{version}", tag = "versions",
    operation_id = "edit_version", request_body = Label, responses(
    (status = 200, description = "Changed", body = Changed),
    (status = 400, description = "`Invalid request data` or `Invalid version number`", body = Body),
    (status = 404, description = "`Workflow not found` or `Version not found`", body = Body),
))]
async fn edit(
    State(api): State<Api>,
    Caller(actor): Caller,
    VersionPath(id, number): VersionPath,
    Json(body): Json<Label>,
) -> Result<Json<Changed>, Problem> {
    let version = api.engine.workflows().edit_version(&actor, id, number, body.into()).await?.into();
    Ok(Json(Changed { message: "Version updated successfully", version }))
}

/// Makes a version the working copy again, as a new version
#[utoipa::path(post, path = "/v1/api/workflows/{id}/versions/{version}/restore", tag = "versions",
    operation_id = "restore_version", responses(
    (status = 200, description = "Restored; `version` is the new one", body = Restored),
    (status = 400, description = "`Invalid version number`", body = Body),
    (status = 404, description = "`Workflow not found` or `Version not found`", body = Body),
))]
async fn restore(
    State(api): State<Api>,
    Caller(actor): Caller,
    VersionPath(id, number): VersionPath,
) -> Result<Json<Restored>, Problem> {
    let (version, workflow) = api.engine.workflows().restore(&actor, id, number).await?;
    let message = "Version restored successfully";
    Ok(Json(Restored { message, version: version.into(), workflow: workflow.into() }))
}

/// What changed from version `v1` to version `v2`
#[utoipa::path(get, path = "/v1/api/workflows/{id}/versions/compare", tag = "versions",
    operation_id = "compare_versions", responses(
    (status = 200, description = "The difference", body = Comparison),
    (status = 400, description = "`Invalid or missing version number v1` (or `v2`)", body = Body),
    (status = 404, description = "`One or both versions not found`", body = Body),
), params(
    ("v1" = u64, Query, description = "From this version"),
    ("v2" = u64, Query, description = "To this version"),
))]
async fn compare(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    params: Params,
) -> Result<Json<Comparison>, Problem> {
    let number = |name: &str| {
        let given = params.text(name).and_then(|text| text.parse().ok());
        given.ok_or_else(|| Problem::invalid(format!("Invalid or missing version number {name}")))
    };
    let (from, to) = (number("v1")?, number("v2")?);
    Ok(Json(api.engine.workflows().compare(&actor, id, from, to).await?.into()))
}
