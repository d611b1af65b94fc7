//! What callers do with plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::change::Change;
use super::directory::Dev;
use super::model::Installed;
use super::ready::{Ready, ready};
use super::{Error, Package, State, Trust, Use, View, bytes, uses};
use crate::actor::{Action, Actor, Subject, allow};
use crate::engine::{Host, Tasks};
use crate::plugin::{Download, Sandbox, Usage};

/// Rules about plugins.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whose components may be installed.
    pub trust: Trust,
    /// Components under development, served unsigned and not stored.
    pub directory: Option<PathBuf>,
    /// The largest component that is taken, in bytes. Default 8 MiB, what the sandbox takes by default; the store's
    /// transactions end at 64 MiB, and a component takes a third more there.
    pub max_bytes: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { trust: Trust::default(), directory: None, max_bytes: 8 << 20 }
    }
}

/// Plugins. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(super) inner: Arc<Inner>,
}

/// What the engine hands to the service.
pub(crate) struct Parts {
    pub(crate) host: Host,
    pub(crate) tasks: Tasks,
    pub(crate) sandbox: Option<Arc<dyn Sandbox>>,
    pub(crate) download: Option<Arc<dyn Download>>,
    pub(crate) policy: Policy,
}

pub(super) struct Inner {
    pub(super) host: Host,
    pub(super) tasks: Tasks,
    pub(super) sandbox: Option<Arc<dyn Sandbox>>,
    pub(super) download: Option<Arc<dyn Download>>,
    pub(super) policy: Policy,
    /// What was served before anything was installed.
    pub(super) built_in: BTreeSet<String>,
    /// One change at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Why enabled plugins are not served.
    pub(super) troubles: Mutex<BTreeMap<String, String>>,
    /// What the directory held at the start.
    pub(super) directory: Mutex<Vec<Dev>>,
}

impl Inner {
    pub(super) fn sandbox(&self) -> Result<&Arc<dyn Sandbox>, Error> {
        self.sandbox.as_ref().ok_or(Error::NoSource("this engine has no sandbox: its plugins are fixed"))
    }
}

impl Service {
    /// Serves what is installed.
    pub(crate) async fn start(parts: Parts) -> Result<Self, Error> {
        let Parts { host, tasks, sandbox, download, policy } = parts;
        let built_in = sandbox.iter().flat_map(|it| it.plugins()).map(|it| it.info.id).collect();
        let inner = Inner {
            host,
            tasks,
            sandbox,
            download,
            policy,
            built_in,
            turn: tokio::sync::Mutex::default(),
            troubles: Mutex::default(),
            directory: Mutex::default(),
        };
        inner.start().await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// All plugins by id: built in, installed, from the directory. Admins only, like all that follows.
    pub async fn plugins(&self, actor: &Actor) -> Result<Vec<View>, crate::Error> {
        allow(actor, Action::Read, Subject::Server).map_err(Error::from)?;
        Ok(self.inner.views()?)
    }

    /// One plugin.
    pub async fn get(&self, actor: &Actor, id: &str) -> Result<View, crate::Error> {
        let views = self.plugins(actor).await?;
        Ok(views.into_iter().find(|view| view.id == id).ok_or(Error::NotFound)?)
    }

    /// Installs a plugin and serves it. What is installed already with the same bytes stays as it is.
    pub async fn install(&self, actor: &Actor, package: Package) -> Result<View, crate::Error> {
        self.admin(actor)?;
        let ready = ready(&self.inner, actor.user(), package).await?;
        let plugin = self.inner.adopt(ready, Change::Install).await?;
        Ok(self.inner.view(plugin))
    }

    /// Puts another version in the place of the one in use, which is kept. An older version, or another build of the
    /// same, needs `downgrade`. When it fails the one in use goes on, and [`View::failure`] says why.
    pub async fn upgrade(
        &self,
        actor: &Actor,
        id: &str,
        package: Package,
        downgrade: bool,
    ) -> Result<View, crate::Error> {
        self.admin(actor)?;
        self.installed(id)?;
        let source = package.source.label();
        let change = Change::Upgrade { downgrade };
        let changed = async {
            let ready = ready(&self.inner, actor.user(), package).await?;
            self.same(id, &ready)?;
            self.inner.adopt(ready, change).await
        };
        match changed.await {
            Ok(plugin) => Ok(self.inner.view(plugin)),
            Err(error) => {
                self.inner.note(id, &source, &error).await;
                Err(error.into())
            }
        }
    }

    /// Goes back to the version before, or to any that is kept; the one in use is kept in turn.
    pub async fn rollback(
        &self,
        actor: &Actor,
        id: &str,
        version: Option<&str>,
    ) -> Result<View, crate::Error> {
        self.admin(actor)?;
        let plugin = self.installed(id)?;
        let mut kept = plugin.previous.iter();
        let target = kept.find(|release| version.is_none_or(|version| release.version == version));
        let release = target.cloned().ok_or_else(|| Error::NoPrevious(id.to_owned()))?;
        let candidate = self.inner.revive(&Installed { current: release.clone(), ..plugin }).await?;
        let ready = Ready { candidate, release, bytes: None };
        Ok(self.inner.view(self.inner.adopt(ready, Change::Rollback).await?))
    }

    /// Serves a disabled plugin again. Enabling one that failed tries once more.
    pub async fn enable(&self, actor: &Actor, id: &str) -> Result<View, crate::Error> {
        self.admin(actor)?;
        let plugin = self.installed(id)?;
        let candidate = self.inner.revive(&plugin).await?;
        let ready = Ready { candidate, release: plugin.current, bytes: None };
        Ok(self.inner.view(self.inner.adopt(ready, Change::Enable).await?))
    }

    /// Serves a plugin no longer, at once and for everybody, whoever uses it: the switch for one that misbehaves. Its
    /// nodes do not validate or run until it is enabled again.
    pub async fn disable(&self, actor: &Actor, id: &str) -> Result<View, crate::Error> {
        self.admin(actor)?;
        self.installed(id)?;
        Ok(self.inner.view(self.inner.disable(id.to_owned()).await?))
    }

    /// Removes a plugin with all its versions. Refused while workflows use its node types, in their graph or in what
    /// they deployed, unless `force`.
    pub async fn remove(&self, actor: &Actor, id: &str, force: bool) -> Result<(), crate::Error> {
        self.admin(actor)?;
        self.installed(id)?;
        Ok(self.inner.remove(id.to_owned(), force).await?)
    }

    /// Who uses a plugin: at most 100 workflows.
    pub async fn uses(&self, actor: &Actor, id: &str) -> Result<Vec<Use>, crate::Error> {
        allow(actor, Action::Read, Subject::Server).map_err(Error::from)?;
        let plugin = self.installed(id)?;
        let releases: Vec<_> = std::iter::once(&plugin.current).chain(&plugin.previous).collect();
        Ok(self.inner.host.db.read(|reader| uses::of(reader, &releases))?)
    }

    /// The component in use, as it was installed.
    pub async fn component(&self, actor: &Actor, id: &str) -> Result<Vec<u8>, crate::Error> {
        allow(actor, Action::Read, Subject::Server).map_err(Error::from)?;
        let plugin = self.installed(id)?;
        Ok(self.inner.host.db.read(|reader| bytes::read(reader, &plugin.current))?)
    }

    /// What every plugin in service has done since it was loaded; for metrics.
    pub fn usage(&self) -> Vec<Usage> {
        self.inner.sandbox.iter().flat_map(|sandbox| sandbox.usage()).collect()
    }

    /// The id of every plugin and the word for its state, for metrics; nothing while the store cannot be read.
    pub fn states(&self) -> Vec<(String, &'static str)> {
        let views = self.inner.views().unwrap_or_default();
        let word = |view: &View| match &view.state {
            State::Serving if view.usage.as_ref().is_some_and(|usage| usage.quarantined) => "quarantined",
            State::Serving => "serving",
            State::Disabled => "disabled",
            State::Failed(_) => "failed",
        };
        let named = |view: View| {
            let word = word(&view);
            (view.id, word)
        };
        views.into_iter().map(named).collect()
    }

    /// The rules in force.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    fn admin(&self, actor: &Actor) -> Result<(), Error> {
        Ok(allow(actor, Action::Write, Subject::Server)?)
    }

    /// The record of a plugin that can be changed.
    fn installed(&self, id: &str) -> Result<Installed, Error> {
        let found = self.inner.host.db.read(|reader| reader.get::<Installed>(&id.to_owned()))?;
        let fixed =
            || self.inner.built_in.contains(id) || self.inner.directory.lock().iter().any(|dev| dev.id == id);
        match found {
            Some(plugin) => Ok(plugin),
            None if fixed() => Err(Error::NotInstalled(id.to_owned())),
            None => Err(Error::NotFound),
        }
    }

    fn same(&self, id: &str, ready: &Ready) -> Result<(), Error> {
        if ready.id() == id {
            return Ok(());
        }
        Err(Error::OtherPlugin { wanted: id.to_owned(), found: ready.id().to_owned() })
    }
}
