//! What can go wrong with plans and runs.

use crate::error::{Code, Describe, Finding, codes};
use crate::id::RunId;
use crate::{clusters, kube, plugin, store, versions, workflows};

/// A refused plan or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Unknown, or somebody else's.
    #[error("Run not found")]
    NotFound,
    /// Only a published workflow runs.
    #[error("Workflow must be published to run")]
    NotPublished,
    /// One run of a workflow at a time.
    #[error("Workflow is already running")]
    Active(RunId),
    /// The graph or the cluster forbids it; nothing was applied.
    #[error("{}", workflows::summary(.0))]
    Findings(Vec<Finding>),
    /// The engine is stopping.
    #[error("the server is stopping and takes no new runs")]
    ShuttingDown,
    /// About the workflow.
    #[error(transparent)]
    Workflow(#[from] workflows::Error),
    /// About its versions.
    #[error(transparent)]
    Version(#[from] versions::Error),
    /// About its cluster.
    #[error(transparent)]
    Cluster(#[from] clusters::Error),
    /// The API server.
    #[error(transparent)]
    Kube(#[from] kube::Error),
    /// A plugin.
    #[error(transparent)]
    Plugin(#[from] plugin::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotFound => codes::RUN_NOT_FOUND,
            Self::NotPublished => codes::WORKFLOW_NOT_PUBLISHED,
            Self::Active(_) => codes::RUN_ACTIVE,
            Self::Findings(_) => codes::GRAPH_INVALID,
            Self::ShuttingDown => codes::SHUTTING_DOWN,
            Self::Workflow(error) => error.code(),
            Self::Version(error) => error.code(),
            Self::Cluster(error) => error.code(),
            Self::Kube(error) => error.code(),
            Self::Plugin(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        match self {
            Self::Findings(findings) => std::mem::take(findings),
            Self::Workflow(error) => error.take_findings(),
            _ => Vec::new(),
        }
    }

    fn detail(&self) -> Option<(&'static str, serde_json::Value)> {
        match self {
            Self::Active(run) => Some(("run_id", run.to_string().into())),
            Self::Workflow(error) => error.detail(),
            _ => None,
        }
    }
}
