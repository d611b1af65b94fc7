//! What can go wrong with workflows. Texts are those of the contract, section 2.3.

use crate::actor::Denied;
use crate::error::{Code, Describe, Finding, codes};
use crate::{clusters, store, users, versions};

/// A refused operation on a workflow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Unknown, deleted, or somebody else's.
    #[error("Workflow not found")]
    NotFound,
    /// A member is missing or unusable.
    #[error("{0}")]
    Invalid(String),
    /// It changed since the caller read it.
    #[error("the workflow was changed by somebody else; its revision is {current} now")]
    Conflict {
        /// The revision to merge with.
        current: u64,
    },
    /// The graph is not even well-formed.
    #[error("{}", summary(.0))]
    Graph(Vec<Finding>),
    /// Nobody is signed in, or a permission is missing.
    #[error(transparent)]
    Denied(users::Error),
    /// About its versions.
    #[error(transparent)]
    Version(#[from] versions::Error),
    /// About its cluster.
    #[error(transparent)]
    Cluster(#[from] clusters::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::NotFound,
            other => Self::Denied(other.into()),
        }
    }
}

/// `2 errors: web image: an image is required; db: …`; all findings travel beside it.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let errors: Vec<_> = findings.iter().filter(|finding| finding.is_error()).collect();
    let shown: Vec<_> = errors.iter().take(3).map(ToString::to_string).collect();
    let more = if errors.len() > shown.len() { "; …" } else { "" };
    let noun = if errors.len() == 1 { "error" } else { "errors" };
    format!("{} {noun} in the graph: {}{more}", errors.len(), shown.join("; "))
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotFound => codes::WORKFLOW_NOT_FOUND,
            Self::Invalid(_) => codes::REQUEST_INVALID,
            Self::Conflict { .. } => codes::WORKFLOW_CONFLICT,
            Self::Graph(_) => codes::GRAPH_INVALID,
            Self::Denied(error) => error.code(),
            Self::Version(error) => error.code(),
            Self::Cluster(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        match self {
            Self::Graph(findings) => findings.clone(),
            _ => Vec::new(),
        }
    }

    fn detail(&self) -> Option<(&'static str, serde_json::Value)> {
        match self {
            Self::Conflict { current } => Some(("revision", (*current).into())),
            _ => None,
        }
    }
}
