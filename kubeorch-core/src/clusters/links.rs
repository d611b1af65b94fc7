//! Live connections: one per cluster and way in, made on first use.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::model::Cluster;
use super::{Error, check};
use crate::actor::{Actor, Denied};
use crate::engine::Host;
use crate::id::ClusterId;
use crate::kube::{self, Connector};
use crate::secret::Sealer;
use crate::{clusters::table, users};

/// The most connections kept; the contract sets no number of clusters.
const MAX_LINKS: usize = 1_000;

/// One connection: calls, and the watches that everybody shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) cluster: Arc<dyn kube::Cluster>,
    hub: kube::Hub,
    /// Names cluster and way in for the hub.
    id: Arc<str>,
}

impl Link {
    /// Joins the watch of a scope, or begins one.
    pub(crate) fn subscribe(&self, scope: &kube::Scope) -> Result<kube::Subscription, kube::Error> {
        self.hub.subscribe(&self.id, &self.cluster, scope)
    }
}

/// Connections by cluster. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Links {
    host: Host,
    sealer: Sealer,
    connector: Arc<dyn Connector>,
    open: Arc<Mutex<HashMap<ClusterId, (u64, Link)>>>,
    built_in: Arc<BTreeMap<String, Link>>,
    hub: kube::Hub,
}

impl Links {
    pub(crate) fn new(host: Host, sealer: Sealer, connector: Arc<dyn Connector>) -> Self {
        let hub = kube::Hub::new(Arc::clone(&host.clock), kube::HubOptions::default());
        let link = |name: &String, cluster: &Arc<dyn kube::Cluster>| Link {
            cluster: Arc::clone(cluster),
            hub: hub.clone(),
            id: format!("built-in/{name}").into(),
        };
        let built_in =
            host.clusters.iter().map(|(name, cluster)| (name.clone(), link(name, cluster))).collect();
        Self { host, sealer, connector, open: Arc::default(), built_in: Arc::new(built_in), hub }
    }

    /// The connection to a cluster of the caller, by name.
    pub(crate) async fn by_name(&self, actor: &Actor, name: &str) -> Result<Link, Error> {
        match self.host.db.read(|reader| table::find(reader, actor, name))? {
            Some(cluster) => self.to(&cluster).await,
            None => self.built_in(actor, name).ok_or(Error::NotFound),
        }
    }

    /// The connection that a workflow uses: by id when its cluster is stored, else a built-in one.
    pub(crate) async fn of_workflow(&self, id: Option<ClusterId>, name: &str) -> Result<Link, Error> {
        let Some(id) = id else {
            return self.built_in(&Actor::System, name).ok_or_else(|| Error::Unknown(name.to_owned()));
        };
        let cluster = self.host.db.read(|reader| reader.get::<Cluster>(&id))?;
        self.to(&cluster.ok_or_else(|| Error::Unknown(name.to_owned()))?).await
    }

    /// The connection to a stored cluster, reused until its way in changes.
    pub(crate) async fn to(&self, cluster: &Cluster) -> Result<Link, Error> {
        if let Some((generation, link)) = self.open.lock().get(&cluster.id)
            && *generation == cluster.generation
        {
            return Ok(link.clone());
        }
        let link = self.fresh(cluster).await?;
        let mut open = self.open.lock();
        match open.get(&cluster.id) {
            // Somebody was faster. One connection serves all, for they share its pace and its health.
            Some((generation, link)) if *generation == cluster.generation => return Ok(link.clone()),
            // The caller read the cluster before it changed.
            Some((generation, _)) if *generation > cluster.generation => return Ok(link),
            Some((_, old)) => self.hub.forget(&old.id),
            None => {}
        }
        if open.len() >= MAX_LINKS {
            // Connections are cheap to make again; dropping all is simpler than tracking their age.
            open.clear();
        }
        open.insert(cluster.id, (cluster.generation, link.clone()));
        Ok(link)
    }

    /// Ends a cluster's connection and its watches, because it was removed.
    pub(crate) fn close(&self, id: &ClusterId) {
        if let Some((_, old)) = self.open.lock().remove(id) {
            self.hub.forget(&old.id);
        }
    }

    /// A connection that is not kept, to test a way in before it is stored.
    pub(crate) async fn fresh(&self, cluster: &Cluster) -> Result<Link, Error> {
        let endpoint = check::endpoint(cluster, &self.sealer)?;
        let id = format!("{}@{}", cluster.id, cluster.generation).into();
        Ok(Link { cluster: self.connector.connect(&endpoint).await?, hub: self.hub.clone(), id })
    }

    fn built_in(&self, actor: &Actor, name: &str) -> Option<Link> {
        let allowed = crate::actor::allow(actor, crate::actor::Action::Use, crate::actor::Subject::Common);
        allowed.ok().and_then(|()| self.built_in.get(name).cloned())
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

impl From<users::Error> for Error {
    fn from(error: users::Error) -> Self {
        match error {
            users::Error::Store(error) => Self::Store(error),
            users::Error::NotFound => Denied::Anonymous.into(),
            other => Self::Denied(other),
        }
    }
}
