//! What can go wrong with plans and runs.

use super::model::Status;
use crate::error::{Code, Describe, Finding, codes};
use crate::graph::Hash;
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
    /// It will not change any more.
    #[error("the run has ended: it is {}", .0.as_str())]
    Ended(Status),
    /// It waits for something else, or for nothing.
    #[error("the run does not wait for {0}")]
    NotWaiting(&'static str),
    /// What would be done is not what was reviewed; nothing was applied.
    #[error("the plan is {found} now, not {expected}")]
    PlanChanged {
        /// The one that was reviewed.
        expected: Hash,
        /// The one of now.
        found: Hash,
    },
    /// The run cannot go on: its version renders to other objects than when it began.
    #[error("version {0} renders to other objects than when the run began: a plugin changed")]
    ContentChanged(u64),
    /// The caller may see the run and not approve it.
    #[error("{0}")]
    NotApprover(&'static str),
    /// Options that no run can have.
    #[error("{0}")]
    Options(String),
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
            Self::Ended(_) => codes::RUN_ENDED,
            Self::NotWaiting(_) => codes::RUN_NOT_WAITING,
            Self::PlanChanged { .. } => codes::RUN_PLAN_CHANGED,
            Self::ContentChanged(_) => codes::RUN_CONTENT_CHANGED,
            Self::NotApprover(_) => codes::RUN_NOT_APPROVER,
            Self::Options(_) => codes::REQUEST_INVALID,
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
            Self::PlanChanged { found, .. } => Some(("plan", found.to_string().into())),
            Self::Workflow(error) => error.detail(),
            _ => None,
        }
    }
}
