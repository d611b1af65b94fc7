//! Runs and plans (contract 2.3, 3.6).

use axum::extract::State;
use utoipa_axum::routes;

use crate::api::{Api, Caller};
use crate::extract::{Json, OptionalJson, Params, RunPath, WorkflowPath};
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::plan::Plan;
use crate::wire::runs::{List, Outcome, Run, Start, Started};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Bearer, routes!(start))
        .add(Permission::Bearer, routes!(list))
        .add(Permission::Bearer, routes!(show))
        .add(Permission::Bearer, routes!(cancel))
        .add(Permission::Bearer, routes!(plan))
}

/// Runs the saved graph
///
/// Waits up to 20 seconds for the end, then answers `running`; the rest is on the stream.
#[utoipa::path(post, path = "/v1/api/workflows/{id}/run", tag = "runs", operation_id = "run_workflow",
    request_body = Option<Start>, responses(
    (status = 200, description = "Completed, or still running", body = Started),
    (status = 400, description = "`Workflow must be published to run`, a graph with errors, or a broken body", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
    (status = 409, description = "`Workflow is already running`; `run_id` names the run", body = Body),
    (status = 500, description = "The run failed: `error` says why, `details` more; `run_id` and `logs`", body = Body),
    (status = 503, description = "The cluster can't be reached", body = Body),
))]
async fn start(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    OptionalJson(body): OptionalJson<Start>,
) -> Result<Outcome, Problem> {
    let (values, options) = body.into_parts();
    let runs = api.engine.runs();
    let run = runs.start(&actor, id, values, options).await?;
    Ok(Outcome(runs.wait(&actor, run.id, api.options.run_wait).await?))
}

/// A workflow's runs, newest first
#[utoipa::path(get, path = "/v1/api/workflows/{id}/runs", tag = "runs", operation_id = "list_runs", responses(
    (status = 200, description = "The runs", body = List),
    (status = 400, description = "`Invalid workflow ID`", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
), params(("limit" = Option<usize>, Query, description = "1 to 100; default 10", minimum = 1, maximum = 100)))]
async fn list(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    params: Params,
) -> Result<Json<List>, Problem> {
    let limit = params.number("limit", 10, 1..=100);
    Ok(Json(api.engine.runs().list(&actor, id, limit).await?.into()))
}

/// One run
#[utoipa::path(get, path = "/v1/api/workflows/{id}/runs/{runId}", tag = "runs", operation_id = "show_run", responses(
    (status = 200, description = "The run", body = Run),
    (status = 400, description = "`Invalid workflow ID` or `Invalid run ID`", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
))]
async fn show(State(api): State<Api>, Caller(actor): Caller, path: RunPath) -> Result<Json<Run>, Problem> {
    Ok(Json(load(&api, actor, path).await?.into()))
}

/// Stops a run; what it applied stays
#[utoipa::path(post, path = "/v1/api/workflows/{id}/runs/{runId}/cancel", tag = "runs",
    operation_id = "cancel_run", responses(
    (status = 200, description = "The run; still `running` when it needs longer to stop", body = Run),
    (status = 400, description = "`Invalid workflow ID` or `Invalid run ID`", body = Body),
    (status = 404, description = "`Run not found`", body = Body),
))]
async fn cancel(State(api): State<Api>, Caller(actor): Caller, path: RunPath) -> Result<Json<Run>, Problem> {
    let run = load(&api, actor, path).await?;
    Ok(Json(api.engine.runs().cancel(&actor, run.id).await?.into()))
}

/// What a run would do now, with the cluster's own dry run; nothing changes
#[utoipa::path(post, path = "/v1/api/workflows/{id}/plan", tag = "runs", operation_id = "plan_workflow",
    request_body = Option<Start>, responses(
    (status = 200, description = "The plan", body = Plan),
    (status = 400, description = "A graph with errors, or a broken body", body = Body),
    (status = 404, description = "`Workflow not found`", body = Body),
    (status = 503, description = "The cluster can't be reached", body = Body),
))]
async fn plan(
    State(api): State<Api>,
    Caller(actor): Caller,
    WorkflowPath(id): WorkflowPath,
    OptionalJson(body): OptionalJson<Start>,
) -> Result<Json<Plan>, Problem> {
    let (values, options) = body.into_parts();
    Ok(Json(api.engine.runs().plan(&actor, id, &values, &options).await?.into()))
}

/// A run, when it is one of the workflow in the path.
pub(super) async fn load(
    api: &Api,
    actor: kubeorch_core::actor::Actor,
    RunPath(workflow, id): RunPath,
) -> Result<kubeorch_core::runs::Run, Problem> {
    let run = api.engine.runs().get(&actor, id).await?;
    if run.workflow == workflow {
        Ok(run)
    } else {
        Err(kubeorch_core::Error::from(kubeorch_core::runs::Error::NotFound).into())
    }
}
