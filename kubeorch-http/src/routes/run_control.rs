//! What people do with a run that is on its way: pause, resume, approve, reject, and bring a version back.

use axum::extract::State;
use utoipa_axum::routes;

use super::runs::load;
use crate::api::{Api, Caller};
use crate::extract::{Json, OptionalJson, RunPath, WorkflowPath};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::plan::Operations;
use crate::wire::review::{Approve, Reject, Resume, Rollback};
use crate::wire::runs::{Outcome, Run, Started};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Bearer, routes!(planned))
        .add(Permission::Bearer, routes!(pause))
        .add(Permission::Bearer, routes!(resume))
        .add(Permission::Bearer, routes!(approve))
        .add(Permission::Bearer, routes!(reject))
        .add(Permission::Bearer, routes!(rollback))
}

/// The plan that a run began with, or waits with
#[utoipa::path(get, path = "/v1/api/workflows/{id}/runs/{runId}/plan", tag = "runs",
    operation_id = "show_run_plan", responses(
    (status = 200, description = "Its operations, in apply order", body = Operations),
    (status = 400, description = "`Invalid workflow ID` or `Invalid run ID`", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
))]
async fn planned(
    State(api): State<Api>,
    Caller(actor): Caller,
    path: RunPath,
) -> Result<Json<Operations>, Problem> {
    let run = load(&api, actor, path).await?;
    let operations = api.engine.runs().planned(&actor, run.id).await?;
    Ok(Json(Operations::new(run.plan, operations)))
}

/// Lets a run hold still, at once while it waits, else after the nodes that are being applied
#[utoipa::path(post, path = "/v1/api/workflows/{id}/runs/{runId}/pause", tag = "runs",
    operation_id = "pause_run", responses(
    (status = 200, description = "The run; still `running` when it needs longer", body = Run),
    (status = 400, description = "`Invalid workflow ID` or `Invalid run ID`", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
    (status = 409, description = "The run has ended", body = Body),
))]
async fn pause(State(api): State<Api>, Caller(actor): Caller, path: RunPath) -> Result<Json<Run>, Problem> {
    let run = load(&api, actor, path).await?;
    Ok(Json(api.engine.runs().pause(&actor, run.id).await?.into()))
}

/// Lets a paused run go on, with values where it asks for them
#[utoipa::path(post, path = "/v1/api/workflows/{id}/runs/{runId}/resume", tag = "runs",
    operation_id = "resume_run", request_body = Option<Resume>, responses(
    (status = 200, description = "The run", body = Run),
    (status = 400, description = "`Invalid workflow ID`, `Invalid run ID`, or a broken body", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
    (status = 409, description = "The run has ended, or waits for an approval", body = Body),
))]
async fn resume(
    State(api): State<Api>,
    Caller(actor): Caller,
    path: RunPath,
    OptionalJson(body): OptionalJson<Resume>,
) -> Result<Json<Run>, Problem> {
    let run = load(&api, actor, path).await?;
    Ok(Json(api.engine.runs().resume(&actor, run.id, body.into_values()).await?.into()))
}

/// Says yes to the plan of a run that waits for it
///
/// With the last approval that is needed the run begins, if its plan is still the same.
#[utoipa::path(post, path = "/v1/api/workflows/{id}/runs/{runId}/approve", tag = "runs",
    operation_id = "approve_run", request_body = Approve, responses(
    (status = 200, description = "The run", body = Run),
    (status = 400, description = "`Invalid workflow ID`, `Invalid run ID`, or a broken body", body = Body),
    (status = 403, description = "The caller may see the run and not approve it", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
    (status = 409, description = "It is not the run's plan, or the run does not wait for an approval", body = Body),
))]
async fn approve(
    State(api): State<Api>,
    Caller(actor): Caller,
    path: RunPath,
    Json(body): Json<Approve>,
) -> Result<Json<Run>, Problem> {
    let run = load(&api, actor, path).await?;
    let runs = api.engine.runs();
    Ok(Json(runs.approve(&actor, run.id, body.plan, body.comment.as_deref()).await?.into()))
}

/// Says no to the plan of a run that waits for it; the run ends
#[utoipa::path(post, path = "/v1/api/workflows/{id}/runs/{runId}/reject", tag = "runs",
    operation_id = "reject_run", request_body = Option<Reject>, responses(
    (status = 200, description = "The run", body = Run),
    (status = 400, description = "`Invalid workflow ID`, `Invalid run ID`, or a broken body", body = Body),
    (status = 403, description = "The caller may see the run and not reject it", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
    (status = 409, description = "The run does not wait for an approval", body = Body),
))]
async fn reject(
    State(api): State<Api>,
    Caller(actor): Caller,
    path: RunPath,
    OptionalJson(body): OptionalJson<Reject>,
) -> Result<Json<Run>, Problem> {
    let run = load(&api, actor, path).await?;
    Ok(Json(api.engine.runs().reject(&actor, run.id, body.comment.as_deref()).await?.into()))
}

/// Brings a version back by running it; the saved graph stays as it is
///
/// Waits up to 20 seconds for the end, then answers `running`; the rest is on the stream.
#[utoipa::path(post, path = "/v1/api/workflows/{id}/rollback", tag = "runs", operation_id = "rollback_workflow",
    request_body = Rollback, responses(
    (status = 200, description = "Completed, or still running", body = Started),
    (status = 400, description = "`Workflow must be published to run`, a version with errors, or a broken body", body = Body),
    (status = 404, description = "`Workflow not found` or `Version not found`", body = Body),
    (status = 409, description = "`Workflow is already running`; `run_id` names the run", body = Body),
    (status = 500, description = "The run failed: `error` says why, `details` more; `run_id` and `logs`", body = Body),
    (status = 503, description = "The cluster can't be reached", body = Body),
))]
async fn rollback(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    Json(body): Json<Rollback>,
) -> Result<Outcome, Problem> {
    let (version, values, options) = body.into_parts();
    let runs = api.engine.runs();
    let run = runs.rollback(&actor, id, version, values, options).await?;
    Ok(Outcome(runs.wait(&actor, run.id, api.options.run_wait).await?))
}
