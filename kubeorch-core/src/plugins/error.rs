//! What can go wrong with managing plugins.

use crate::actor::Denied;
use crate::error::{Code, Describe, Finding, codes};
use crate::{plugin, store, users};

use super::Use;

/// Uses that a message names; the others are counted.
const NAMED: usize = 5;

/// A refused operation on a plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No plugin or entry of this id.
    #[error("Plugin not found")]
    NotFound,
    /// It comes with the program, or from the directory of plugins under development.
    #[error("plugin {0} was not installed and cannot be changed")]
    NotInstalled(String),
    /// There is one already.
    #[error("plugin {id} {version} is installed already")]
    Exists {
        /// Which.
        id: String,
        /// What is in use.
        version: String,
    },
    /// The component of another plugin was given.
    #[error("the component is plugin {found}, not {wanted}")]
    OtherPlugin {
        /// What was to be upgraded.
        wanted: String,
        /// What the component says.
        found: String,
    },
    /// Not newer than what is in use.
    #[error("version {given} is not newer than {current}")]
    NotNewer {
        /// What the component says.
        given: String,
        /// What is in use.
        current: String,
    },
    /// No version is kept to go back to.
    #[error("plugin {0} keeps no such version to go back to")]
    NoPrevious(String),
    /// Workflows need it.
    #[error("plugin {id} is used by {}", names(.uses))]
    InUse {
        /// Which.
        id: String,
        /// By what.
        uses: Vec<Use>,
    },
    /// Nobody vouches for it.
    #[error("the component is not signed, and this server takes signed ones only")]
    Unsigned,
    /// Signed by somebody whom this server does not trust.
    #[error("the component is signed by key {0}, which this server does not trust")]
    UnknownSigner(String),
    /// The signature does not fit the component.
    #[error("the signature is refused: {0}")]
    BadSignature(String),
    /// Not the bytes that were asked for.
    #[error("the component has the digest {found}, not {wanted}")]
    OtherDigest {
        /// What was given.
        wanted: String,
        /// What the bytes have.
        found: String,
    },
    /// The request misses something or holds something unusable.
    #[error("Invalid request data")]
    Invalid(String),
    /// The component is larger than what is taken.
    #[error("the component is larger than {0} bytes")]
    TooLarge(usize),
    /// The component cannot be used; everything that is wrong with it.
    #[error("the component cannot be used")]
    Unusable(Vec<Finding>),
    /// The installation is full.
    #[error("{0} plugins are installed, no more are taken")]
    Full(usize),
    /// A source of this kind is not part of this build or this engine.
    #[error("{0}")]
    NoSource(&'static str),
    /// The source gave no component.
    #[error(transparent)]
    Download(#[from] plugin::DownloadError),
    /// The sandbox refused it.
    #[error(transparent)]
    Sandbox(#[from] plugin::Error),
    /// Nobody is signed in, or a permission is missing.
    #[error(transparent)]
    Denied(users::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The engine stops.
    #[error("the server is stopping")]
    Stopping,
}

/// `workflow "shop" (drawn), … and 3 more`
fn names(uses: &[Use]) -> String {
    let one =
        |it: &Use| format!("workflow {:?} ({})", it.name, if it.deployed { "deployed" } else { "drawn" });
    let shown = uses.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ");
    match uses.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::NotFound,
            other => Self::Denied(other.into()),
        }
    }
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotFound => codes::PLUGIN_NOT_FOUND,
            Self::NotInstalled(_) => codes::PLUGIN_BUILT_IN,
            Self::Exists { .. } => codes::PLUGIN_EXISTS,
            Self::OtherPlugin { .. } | Self::Invalid(_) | Self::NoSource(_) => codes::REQUEST_INVALID,
            Self::NotNewer { .. } => codes::PLUGIN_NOT_NEWER,
            Self::NoPrevious(_) => codes::PLUGIN_NO_PREVIOUS,
            Self::InUse { .. } => codes::PLUGIN_IN_USE,
            Self::Unsigned | Self::UnknownSigner(_) | Self::BadSignature(_) | Self::OtherDigest { .. } => {
                codes::PLUGIN_UNTRUSTED
            }
            Self::TooLarge(_) => codes::PLUGIN_TOO_LARGE,
            Self::Unusable(_) => codes::PLUGIN_INVALID,
            Self::Full(_) => codes::PLUGIN_FULL,
            Self::Download(error) => error.code(),
            Self::Sandbox(error) => error.code(),
            Self::Denied(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Stopping => codes::SHUTTING_DOWN,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid(reason) => Some(reason.clone()),
            Self::Exists { id, .. } => Some(format!("Upgrade {id} instead.")),
            Self::BadSignature(_) => Some(
                "Sign these very bytes with `minisign -S`, or fetch component and signature again.".into(),
            ),
            Self::OtherDigest { .. } => Some("Fetch the component again, or correct the digest.".into()),
            Self::Unsigned | Self::UnknownSigner(_) => Some(
                "Add the signer's minisign public key to `plugins.trusted_keys`; for development \
                 `plugins.allow_unsigned` takes unsigned components."
                    .into(),
            ),
            Self::Download(error) => error.hint(),
            _ => None,
        }
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        match self {
            Self::Unusable(findings) => std::mem::take(findings),
            _ => Vec::new(),
        }
    }

    fn detail(&self) -> Option<(&'static str, serde_json::Value)> {
        match self {
            Self::InUse { uses, .. } => Some(("usedBy", serde_json::json!(uses))),
            _ => None,
        }
    }
}
