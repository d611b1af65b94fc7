//! Why a cluster did not do what it was asked.

use std::fmt;

use crate::error::{Code, Describe, codes};

/// A failed call to a cluster. Texts name the stage and the object, never an address or a credential.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The credentials cannot be used; nothing was sent.
    #[error("credentials are not usable: {0}")]
    Credentials(String),
    /// No answer: resolving, connecting, encrypting or waiting failed.
    #[error("the API server did not answer: {0}")]
    Unreachable(String),
    /// 401 or 403.
    #[error("the API server refused: {0}")]
    Denied(String),
    /// 409 of a server-side apply: other managers own fields.
    #[error("fields of {object} belong to others: {}", join(.causes))]
    Conflict {
        /// The object.
        object: String,
        /// One entry a field and manager.
        causes: Vec<Cause>,
    },
    /// The server will not take the object as it is, see [`Error::rejected`].
    #[error("{object} was refused: {reason}")]
    Rejected {
        /// The object.
        object: String,
        /// The server's words.
        reason: String,
        /// Paths of fields that cannot change while the object lives (`spec.selector`); a new object could have
        /// them. Known by the words of the built-in kinds' validation.
        immutable: Vec<String>,
        /// The admission webhook or policy that said no.
        denied_by: Option<String>,
        /// [`Class::Invalid`], [`Class::Admission`], or what waiting may mend.
        class: Class,
    },
    /// The server does not serve this kind.
    #[error("the cluster does not serve {0}")]
    UnknownKind(String),
    /// 429 or 5xx.
    #[error("the API server is busy: {reason}")]
    Busy {
        /// The server's words.
        reason: String,
        /// How long to wait, when the server said so.
        retry_after: Option<std::time::Duration>,
    },
}

impl Error {
    /// A refusal of the plainest kind: the object is invalid.
    pub fn rejected(object: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Rejected {
            object: object.into(),
            reason: reason.into(),
            immutable: Vec::new(),
            denied_by: None,
            class: Class::Invalid,
        }
    }

    /// Whether the cluster cannot answer now: the same call may succeed later, whatever it is about. For a
    /// single object that waits for another, see [`Self::class`].
    pub fn retry(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    /// What kind of failure it is, for whoever decides whether to try again.
    pub fn class(&self) -> Class {
        match self {
            Self::Credentials(_) | Self::Denied(_) => Class::Access,
            Self::Unreachable(_) => Class::Network,
            Self::Conflict { .. } => Class::Conflict,
            Self::Rejected { class, .. } => *class,
            Self::UnknownKind(_) => Class::NotServed,
            Self::Busy { .. } => Class::Busy,
        }
    }
}

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    /// The other manager.
    pub manager: String,
    /// The field's path as the server writes it: `.spec.replicas`, `.spec.containers[name="web"].image`.
    pub field: String,
}

/// `kubectl: .spec.replicas`
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.manager, self.field)
    }
}

fn join(causes: &[Cause]) -> String {
    causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Class {
    /// The credentials or their permissions.
    Access,
    /// The object itself: only a change of it helps.
    Invalid,
    /// A webhook, a policy, a quota or another admission rule said no.
    Admission,
    /// Others own fields of the object.
    Conflict,
    /// No answer.
    Network,
    /// The server asks for patience, failed inside, or the object changed in between.
    Busy,
    /// The namespace is being deleted; afterwards it can be made anew.
    NamespaceTerminating,
    /// The kind is not served; its definition may be on its way.
    NotServed,
    /// An admission webhook did not answer, for instance because its pod is not running yet.
    Webhook,
}

impl Class {
    /// Whether waiting may mend it.
    pub fn retry(self) -> bool {
        matches!(
            self,
            Self::Network | Self::Busy | Self::NamespaceTerminating | Self::NotServed | Self::Webhook
        )
    }
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Credentials(_) => codes::CREDENTIALS_INVALID,
            Self::Unreachable(_) | Self::Busy { .. } => codes::CLUSTER_UNREACHABLE,
            Self::Denied(_) => codes::CLUSTER_DENIED,
            Self::Conflict { .. } => codes::CLUSTER_CONFLICT,
            Self::Rejected { .. } | Self::UnknownKind(_) => codes::CLUSTER_REJECTED,
        }
    }
}
