//! Ids and names in paths. An id of the wrong form is 400, before anything is looked up (contract 1.7).

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use kubeorch_core::id::{RunId, WorkflowId};

use crate::problem::Problem;

/// `{id}` of a workflow.
pub(crate) struct WorkflowPath(pub(crate) WorkflowId);

/// `{id}` of a workflow and `{runId}`.
pub(crate) struct RunPath(pub(crate) WorkflowId, pub(crate) RunId);

/// `{id}` of a workflow and the number in `{version}`.
pub(crate) struct VersionPath(pub(crate) WorkflowId, pub(crate) u64);

/// `{id}` of a plugin, or of an entry of the catalogue.
pub(crate) struct PluginPath(pub(crate) String);

/// `{name}` of a cluster.
pub(crate) struct ClusterPath(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for WorkflowPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(parse(&params(parts, state).await?, "id", "Invalid workflow ID")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RunPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        let workflow = parse(&params, "id", "Invalid workflow ID")?;
        Ok(Self(workflow, parse(&params, "runId", "Invalid run ID")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for VersionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        let workflow = parse(&params, "id", "Invalid workflow ID")?;
        Ok(Self(workflow, parse(&params, "version", "Invalid version number")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PluginPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(parse(&params(parts, state).await?, "id", "Invalid plugin ID")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClusterPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(parse(&params(parts, state).await?, "name", "Invalid cluster name")?))
    }
}

async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    params.map_err(|_| Problem::invalid("The path isn't UTF-8"))
}

fn parse<T: FromStr>(params: &RawPathParams, name: &str, refusal: &str) -> Result<T, Problem> {
    let found = params.iter().find(|(key, _)| *key == name);
    found.and_then(|(_, text)| text.parse().ok()).ok_or_else(|| Problem::invalid(refusal))
}
