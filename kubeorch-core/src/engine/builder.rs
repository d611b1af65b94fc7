//! Building an engine.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::handle::Inner;
use super::{Engine, Host, Tasks};
use crate::clusters::Links;
use crate::error::{Code, Describe, codes};
use crate::id::Ids;
use crate::kube::{self, Cluster, Connector};
use crate::plugin::{Download, NodeTypes, Sandbox};
use crate::secret::{Sealer, Secret};
use crate::settings::random_text;
use crate::store::{Db, Memory, Rewritten, Store};
use crate::time::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::{clusters, plugins, retention, runs, settings, templates, users, workflows};

/// Why an engine cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing can be drawn without node types.
    #[error("an engine needs node types: give `plugins`")]
    NoPlugins,
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        codes::PLUGIN_INVALID
    }
}

/// The parts of an engine; everything has a default but the plugins.
#[derive(Default)]
pub struct Builder {
    store: Option<Arc<dyn Store>>,
    encryption_key: Option<Secret>,
    older_keys: Vec<Secret>,
    plugins: Option<Arc<dyn NodeTypes>>,
    sandbox: Option<Arc<dyn Sandbox>>,
    download: Option<Arc<dyn Download>>,
    plugin_policy: plugins::Policy,
    connector: Option<Arc<dyn Connector>>,
    clusters: BTreeMap<String, Arc<dyn Cluster>>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    users: users::Options,
    retention: retention::Policy,
    server: Option<String>,
    drift: Option<runs::DriftOptions>,
    no_drift: bool,
}

impl Builder {
    /// Where everything is kept; default: memory, gone with the process.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Seals credentials in the store; default: a random key, so that a durable store needs one given.
    #[must_use]
    pub fn encryption_key(mut self, key: Secret) -> Self {
        self.encryption_key = Some(key);
        self
    }

    /// A key of earlier days: opens what it sealed, seals nothing new.
    #[must_use]
    pub fn older_encryption_key(mut self, key: Secret) -> Self {
        self.older_keys.push(key);
        self
    }

    /// The node types; needed.
    #[must_use]
    pub fn plugins(mut self, plugins: Arc<dyn NodeTypes>) -> Self {
        self.plugins = Some(plugins);
        self
    }

    /// Where plugins are installed; what it serves now is built in. It must be what [`plugins`](Self::plugins) answers
    /// from. Default: none, and the node types are fixed.
    #[must_use]
    pub fn sandbox(mut self, sandbox: Arc<dyn Sandbox>) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// How plugins are fetched from elsewhere; default: not at all.
    #[must_use]
    pub fn download(mut self, download: Arc<dyn Download>) -> Self {
        self.download = Some(download);
        self
    }

    /// Whose plugins may be installed.
    #[must_use]
    pub fn plugin_policy(mut self, policy: plugins::Policy) -> Self {
        self.plugin_policy = policy;
        self
    }

    /// How clusters of users are connected; default: over the network (feature `kube`).
    #[must_use]
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// A cluster that is there for every user.
    #[must_use]
    pub fn cluster(mut self, name: impl Into<String>, cluster: Arc<dyn Cluster>) -> Self {
        self.clusters.insert(name.into(), cluster);
        self
    }

    /// The clock; default: the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The source of randomness; default: the operating system's.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Rules about accounts.
    #[must_use]
    pub fn users(mut self, options: users::Options) -> Self {
        self.users = options;
        self
    }

    /// How much is kept of versions, runs, their logs and events.
    #[must_use]
    pub fn retention(mut self, policy: retention::Policy) -> Self {
        self.retention = policy;
        self
    }

    /// Who this engine is among those that share a store. One that starts again under its name goes on with its runs at
    /// once; under another name it waits until their leases end. Default: `server`, for a store with one engine.
    #[must_use]
    pub fn server(mut self, name: impl Into<String>) -> Self {
        self.server = Some(name.into());
        self
    }

    /// How deployed workflows are watched for drift; `None` switches it off. Default: on, as
    /// [`DriftOptions::default`](runs::DriftOptions::default) says.
    #[must_use]
    pub fn drift(mut self, options: Option<runs::DriftOptions>) -> Self {
        self.no_drift = options.is_none();
        self.drift = options;
        self
    }

    /// Opens everything, goes on with the runs that a stopped process left, and answers the engine.
    pub async fn build(self) -> Result<Engine, crate::Error> {
        let types = self.plugins.ok_or(Error::NoPlugins)?;
        self.retention.check()?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let entropy = self.entropy.unwrap_or_else(|| Arc::new(SystemEntropy));
        let store = self.store.unwrap_or_else(|| Arc::new(Memory::new(Arc::clone(&clock))));
        let key = self.encryption_key.unwrap_or_else(|| Secret::new(random_text(&*entropy, 52)));
        let sealer = Sealer::new(&key, &self.older_keys, Arc::clone(&entropy));
        let host = Host {
            db: Db::new(store, Arc::clone(&clock)),
            ids: Arc::new(Ids::new(Arc::clone(&clock), Arc::clone(&entropy))),
            clusters: Arc::new(self.clusters),
            clock,
            entropy,
        };
        let behind = host.db.claim(&super::schema()).await?;
        let connector = self.connector.unwrap_or_else(default_connector);
        let links = Links::new(host.clone(), sealer.clone(), connector);
        let tasks = Tasks::default();
        let runs = runs::Service::new(runs::Parts {
            host: host.clone(),
            links: links.clone(),
            types: Arc::clone(&types),
            tasks: tasks.clone(),
            server: self.server.unwrap_or_else(|| "server".to_owned()),
        });
        let users = users::Service::new(host.clone(), sealer, self.users);
        users.check_key()?;
        let plugins = plugins::Service::start(plugins::Parts {
            host: host.clone(),
            tasks: tasks.clone(),
            sandbox: self.sandbox,
            download: self.download,
            policy: self.plugin_policy,
        })
        .await?;
        // After the plugins: what a run goes on with is rendered by them.
        let left = runs.recover().await?;
        if left > 0 {
            tracing::info!(runs = left, "goes on with runs that a stopped process left");
        }
        if !self.no_drift {
            runs.watch_drift(self.drift.unwrap_or_default());
        }
        if behind {
            tasks.spawn(rewrite(host.db.clone(), tasks.clone()));
        }
        let retention = retention::Service::new(host.clone(), self.retention, &tasks);
        retention.start(&tasks);
        Ok(Engine::new(Inner {
            retention,
            users,
            settings: settings::Service::new(host.clone()),
            workflows: workflows::Service::new(host.clone(), Arc::new(runs.clone())),
            clusters: clusters::Service::new(host.clone(), links),
            templates: templates::Service::new(Arc::clone(&types), plugins.clone()),
            plugins,
            host,
            tasks,
            types,
            runs,
        }))
    }
}

/// Rows that older releases wrote, made young beside normal work; a stop lets the next start go on.
async fn rewrite(db: Db, tasks: Tasks) {
    let go_on = |_: &_| if tasks.stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match db.rewrite(&super::schema(), go_on).await {
        Ok(Rewritten::All(done)) if done.rewritten + done.skipped > 0 => {
            tracing::info!(
                rows = done.rewritten,
                skipped = done.skipped,
                "rewrote records of older releases"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "records of older releases stay as they are for now"),
    }
}

#[cfg(feature = "kube")]
fn default_connector() -> Arc<dyn Connector> {
    Arc::new(kube::Connect::default())
}

#[cfg(not(feature = "kube"))]
fn default_connector() -> Arc<dyn Connector> {
    Arc::new(NoConnector)
}

/// Without the feature `kube` only the clusters that come with the server can be used.
#[cfg(not(feature = "kube"))]
struct NoConnector;

#[cfg(not(feature = "kube"))]
#[async_trait::async_trait]
impl Connector for NoConnector {
    async fn connect(&self, _: &kube::Endpoint) -> Result<Arc<dyn Cluster>, kube::Error> {
        Err(kube::Error::Credentials("this build has no network connector (feature `kube`)".into()))
    }
}
