//! The running engine.

use std::sync::Arc;
use std::time::Duration;

use super::{Builder, Host, Tasks};
use crate::plugin::NodeTypes;
use crate::store::{self, Db};
use crate::time::Time;
use crate::{clusters, plugins, retention, runs, settings, templates, users, workflows};

/// How long running work may go on when the engine stops.
const STOP_GRACE: Duration = Duration::from_secs(8);

/// A running engine. Cheap to clone; every clone is the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) host: Host,
    pub(super) tasks: Tasks,
    pub(super) types: Arc<dyn NodeTypes>,
    pub(super) users: users::Service,
    pub(super) settings: settings::Service,
    pub(super) workflows: workflows::Service,
    pub(super) clusters: clusters::Service,
    pub(super) runs: runs::Service,
    pub(super) plugins: plugins::Service,
    pub(super) templates: templates::Service,
    pub(super) retention: retention::Service,
}

impl Engine {
    /// Begins to build one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Accounts and sign-in.
    pub fn users(&self) -> &users::Service {
        &self.inner.users
    }

    /// Server-wide settings.
    pub fn settings(&self) -> &settings::Service {
        &self.inner.settings
    }

    /// Workflows and their versions.
    pub fn workflows(&self) -> &workflows::Service {
        &self.inner.workflows
    }

    /// Clusters.
    pub fn clusters(&self) -> &clusters::Service {
        &self.inner.clusters
    }

    /// Plans and runs.
    pub fn runs(&self) -> &runs::Service {
        &self.inner.runs
    }

    /// Plugins: the catalogue, what is installed.
    pub fn plugins(&self) -> &plugins::Service {
        &self.inner.plugins
    }

    /// The palette.
    pub fn templates(&self) -> &templates::Service {
        &self.inner.templates
    }

    /// What is kept, and removing the rest.
    pub fn retention(&self) -> &retention::Service {
        &self.inner.retention
    }

    /// The installed node types.
    pub fn node_types(&self) -> &Arc<dyn NodeTypes> {
        &self.inner.types
    }

    /// The store, for tools: verifying, following the event log.
    pub fn store(&self) -> &Db {
        &self.inner.host.db
    }

    /// The time on the engine's clock.
    pub fn now(&self) -> Time {
        self.inner.host.clock.now()
    }

    /// Whether the store can be read; whatever keeps it from that is [`store::Error::Unavailable`].
    pub fn reads(&self) -> Result<(), crate::Error> {
        let read = self.inner.host.db.read(|_| Ok::<_, store::Error>(()));
        Ok(read.map_err(|error| match error {
            store::Error::Unavailable(_) => error,
            other => store::Error::Unavailable(other.to_string()),
        })?)
    }

    /// Whether the engine can do everything: the store can be read and takes writes. [`store::Error::ReadOnly`]
    /// with the reason while it takes none.
    pub fn ready(&self) -> Result<(), crate::Error> {
        self.reads()?;
        match self.store().store().health().refuses {
            Some(reason) => Err(store::Error::ReadOnly(reason).into()),
            None => Ok(()),
        }
    }

    /// Stops taking work. Runs finish what is on its way to a cluster, for some seconds, and go on with the next start.
    /// Calling it twice is fine.
    pub async fn shutdown(&self) {
        self.inner.tasks.stop(&*self.inner.host.clock, STOP_GRACE).await;
    }
}
