//! What is asked of the installed plugins; also a request to a server.

use std::path::PathBuf;

use kubeorch_core::actor::Actor;
use kubeorch_core::plugins::{Package, Service, Source};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::cli::failure::Failure;

/// Whoever may open the data directory may do all of it.
const ACTOR: Actor = Actor::System;

/// One change, or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "lowercase")]
pub(crate) enum Change {
    /// Only look.
    List,
    /// Add a plugin.
    Install {
        /// What to add.
        component: Given,
    },
    /// Put another version in the place of the one in use.
    Upgrade {
        /// Which plugin.
        id: String,
        /// The version to use.
        component: Given,
        /// Whether it may be older.
        downgrade: bool,
    },
    /// Go back to a version that is kept.
    Rollback {
        /// Which plugin.
        id: String,
        /// Which version; `None` for the one before.
        version: Option<String>,
    },
    /// Take a plugin away with all its versions.
    Remove {
        /// Which plugin.
        id: String,
        /// Also while workflows use it.
        force: bool,
    },
}

/// A component, and how to know that it is the one that was meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(super) place: Place,
    pub(super) sha256: Option<String>,
    pub(super) signature: Option<String>,
}

/// Where a component lies.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// In a file, in a path as the server sees it.
    File(PathBuf),
    /// `https://…` or `oci://…`.
    Remote(String),
}

impl Change {
    /// Does it, and answers the plugin that it is about, or all of them.
    pub(crate) async fn perform(self, plugins: &Service) -> Result<Vec<Row>, Failure> {
        let view = match self {
            Self::List => {
                let views = plugins.plugins(&ACTOR).await?;
                return Ok(views.into_iter().map(Row::from).collect());
            }
            Self::Install { component } => plugins.install(&ACTOR, component.into()).await?,
            Self::Upgrade { id, component, downgrade } => {
                plugins.upgrade(&ACTOR, &id, component.into(), downgrade).await?
            }
            Self::Rollback { id, version } => plugins.rollback(&ACTOR, &id, version.as_deref()).await?,
            Self::Remove { id, force } => {
                let view = plugins.get(&ACTOR, &id).await?;
                plugins.remove(&ACTOR, &id, force).await?;
                view
            }
        };
        Ok(vec![view.into()])
    }
}

impl From<Given> for Package {
    fn from(Given { place, sha256, signature }: Given) -> Self {
        let source = match place {
            Place::File(path) => Source::File(path),
            Place::Remote(address) => Source::Remote(address),
        };
        Self { source, sha256, signature }
    }
}
