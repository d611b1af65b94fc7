//! Workflows (contract 2.3).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::{Json, WorkflowPath, reply};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::Done;
use crate::wire::finding::Checked;
use crate::wire::workflows::{
    Changed, Clone, Cloned, Create, Created, List, Save, SetStatus, StatusSet, Update, Workflow,
};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Bearer, routes!(create))
        .add(Permission::Bearer, routes!(list))
        .add(Permission::Bearer, routes!(show))
        .add(Permission::Bearer, routes!(update))
        .add(Permission::Bearer, routes!(remove))
        .add(Permission::Bearer, routes!(clone))
        .add(Permission::Bearer, routes!(set_status))
        .add(Permission::Bearer, routes!(save))
        .add(Permission::Bearer, routes!(validate))
}

/// Makes a draft without nodes
#[utoipa::path(post, path = "/v1/api/workflows", tag = "workflows", operation_id = "create_workflow",
    request_body = Create, responses(
    (status = 201, description = "Made", body = Created),
    (status = 400, description = "`Invalid request data`, or the caller has no such cluster", body = Body),
))]
async fn create(
    State(api): State<Api>,
    Caller(actor): Caller,
    Json(body): Json<Create>,
) -> Result<Response, Problem> {
    let full = api.engine.workflows().create(&actor, body.into()).await?;
    Ok(reply(StatusCode::CREATED, &Created::from(full)))
}

/// The caller's workflows, newest change first
#[utoipa::path(get, path = "/v1/api/workflows", tag = "workflows", operation_id = "list_workflows", responses(
    (status = 200, description = "All of them", body = List),
))]
async fn list(State(api): State<Api>, Caller(actor): Caller) -> Result<Json<List>, Problem> {
    Ok(Json(api.engine.workflows().list(&actor).await?.into()))
}

/// One workflow
#[utoipa::path(get, path = "/v1/api/workflows/{id}", tag = "workflows", operation_id = "show_workflow", responses(
    (status = 200, description = "The workflow; `ETag` holds its revision", body = Workflow),
    (status = 400, description = "`Invalid workflow ID`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
))]
async fn show(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
) -> Result<Response, Problem> {
    let workflow = Workflow::from(api.engine.workflows().get(&actor, id).await?);
    Ok(tagged(workflow.revision(), Json(workflow)))
}

/// Changes what is given
#[utoipa::path(put, path = "/v1/api/workflows/{id}", tag = "workflows", operation_id = "update_workflow",
    request_body = Update, responses(
    (status = 200, description = "The workflow after the change", body = Workflow),
    (status = 400, description = "`Invalid request data`, `Invalid status` or `No valid fields to update`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
    (status = 409, description = "Changed meanwhile; `revision` is the current one", body = Body),
), params(("If-Match" = Option<String>, Header, description = "The revision that the caller saw")))]
async fn update(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    headers: HeaderMap,
    Json(mut body): Json<Update>,
) -> Result<Response, Problem> {
    body.revision = seen(body.revision, &headers)?;
    let updated = api.engine.workflows().update(&actor, id, body.try_into()?).await?;
    let workflow = Workflow::from(updated);
    Ok(tagged(workflow.revision(), Json(workflow)))
}

/// Deletes a workflow; what it deployed stays in the cluster
#[utoipa::path(delete, path = "/v1/api/workflows/{id}", tag = "workflows", operation_id = "delete_workflow", responses(
    (status = 200, description = "Deleted", body = Done),
    (status = 400, description = "`Invalid workflow ID`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
))]
async fn remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
) -> Result<Json<Done>, Problem> {
    api.engine.workflows().delete(&actor, id).await?;
    Ok(Json(Done { message: "Workflow deleted successfully" }))
}

/// Copies a workflow into a new draft
#[utoipa::path(post, path = "/v1/api/workflows/{id}/clone", tag = "workflows", operation_id = "clone_workflow",
    request_body = Clone, responses(
    (status = 201, description = "The copy", body = Cloned),
    (status = 400, description = "`Invalid request data`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
))]
async fn clone(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    Json(body): Json<Clone>,
) -> Result<Response, Problem> {
    let full = api.engine.workflows().clone_as(&actor, id, &body.name).await?;
    Ok(reply(StatusCode::CREATED, &Cloned::from(full)))
}

/// Publishes, unpublishes or archives
///
/// Archiving removes the workflow's objects from the cluster; what stays is named in `warning`.
#[utoipa::path(put, path = "/v1/api/workflows/{id}/status", tag = "workflows",
    operation_id = "set_workflow_status", request_body = SetStatus, responses(
    (status = 200, description = "Set", body = StatusSet),
    (status = 400, description = "`Invalid request data` or `Invalid status`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
))]
async fn set_status(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    Json(body): Json<SetStatus>,
) -> Result<Json<StatusSet>, Problem> {
    let warning = api.engine.workflows().set_status(&actor, id, body.parse()?).await?;
    Ok(Json(StatusSet { message: "Workflow status updated successfully", warning }))
}

/// Saves the canvas; nodes and edges are replaced as a whole
#[utoipa::path(post, path = "/v1/api/workflows/{id}/save", tag = "workflows", operation_id = "save_workflow",
    request_body = Save, responses(
    (status = 200, description = "Saved; `ETag` holds the new revision", body = Changed),
    (status = 400, description = "`Invalid request data`, or a graph that isn't well-formed", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
    (status = 409, description = "Changed meanwhile; `revision` is the current one", body = Body),
), params(("If-Match" = Option<String>, Header, description = "The revision that the caller saw")))]
async fn save(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    headers: HeaderMap,
    Json(mut body): Json<Save>,
) -> Result<Response, Problem> {
    body.revision = seen(body.revision, &headers)?;
    let full = api.engine.workflows().save(&actor, id, body.into()).await?;
    let workflow = Workflow::from(full);
    let revision = workflow.revision();
    Ok(tagged(revision, Json(Changed { message: "Workflow saved successfully", workflow })))
}

/// Checks the saved graph; all remarks at once
#[utoipa::path(post, path = "/v1/api/workflows/{id}/validate", tag = "workflows",
    operation_id = "validate_workflow", responses(
    (status = 200, description = "The remarks", body = Checked),
    (status = 400, description = "`Invalid workflow ID`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
))]
async fn validate(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
) -> Result<Json<Checked>, Problem> {
    Ok(Json(api.engine.runs().validate(&actor, id).await?.into()))
}

/// The revision in the body, else in `If-Match`.
fn seen(body: Option<u64>, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get(header::IF_MATCH).filter(|_| body.is_none()) else { return Ok(body) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix("W/").unwrap_or(text).trim_matches('"').parse();
    number.map(Some).map_err(|_| Problem::invalid("If-Match must hold one revision, for instance \"7\""))
}

fn tagged(revision: u64, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_revision_comes_from_the_body_or_the_header() {
        for (body, header, expected) in [
            (None, None, Some(None)),
            (Some(3), Some("\"7\""), Some(Some(3))),
            (None, Some("\"7\""), Some(Some(7))),
            (None, Some("W/\"7\""), Some(Some(7))),
            (None, Some("7"), Some(Some(7))),
            (None, Some("*"), Some(None)),
            (None, Some("\"7\", \"8\""), None),
            (None, Some("x"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(text) = header {
                headers.insert(header::IF_MATCH, HeaderValue::from_static(text));
            }
            assert_eq!(seen(body, &headers).ok(), expected, "{body:?} {header:?}");
        }
    }
}
