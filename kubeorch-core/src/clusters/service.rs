//! What callers do with clusters.

use std::time::Duration;

use super::model::{BY_NAME, Change, Cluster, CredentialsInput, LogEntry, New, Status, View};
use super::records::{ADDED, REMOVED};
use super::{Error, Links, check, table};
use crate::actor::{Action, Actor, Denied, Subject, allow};
use crate::engine::Host;
use crate::id::{ClusterId, Raw};
use crate::kube::{self, ServerInfo};
use crate::store::{Query, Reader, Tx};
use crate::users::User;

/// How long adding a cluster waits for the first answer before the status stays `unknown`.
const FIRST_TEST: Duration = Duration::from_secs(5);

/// Clusters. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    host: Host,
    links: Links,
}

impl Service {
    pub(crate) fn new(host: Host, links: Links) -> Self {
        Self { host, links }
    }

    /// Stores a cluster with its credentials sealed, then tries to connect. A cluster that does not answer
    /// is stored all the same; its status says so. The first one becomes the caller's default.
    pub async fn create(&self, actor: &Actor, new: New) -> Result<View, crate::Error> {
        allow(actor, Action::Create, Subject::Own).map_err(Error::from)?;
        let owner = actor.user().ok_or(Error::from(Denied::Anonymous))?;
        let auth_type = check::check_new(&new)?;
        let now = self.host.ids.now();
        let mut cluster = Cluster {
            id: self.host.ids.next(),
            owner,
            name: new.name,
            display_name: new.display_name,
            description: new.description,
            server: new.server.trim().to_owned(),
            auth_type,
            sealed: std::collections::BTreeMap::new(),
            ca: None,
            context: None,
            namespace: None,
            single_node: new.single_node,
            labels: new.labels,
            status: Status::Unknown,
            last_check: None,
            info: ServerInfo::default(),
            info_at: None,
            generation: 1,
            created_at: now,
            updated_at: now,
        };
        check::seal_into(&mut cluster, &new.credentials, self.links.sealer());
        // Credentials that can never work are refused before anything is stored.
        let link = self.links.to(&cluster).await?;
        self.host
            .db
            .write(|tx| {
                if self.host.clusters.contains_key(&cluster.name)
                    || table::find_for_change(tx, actor, &cluster.name)?.is_some()
                {
                    return Err(Error::Exists(cluster.name.clone()));
                }
                tx.insert(&cluster)?;
                let mut user = tx.get::<User>(&owner)?.ok_or(Error::NotFound)?;
                if user.default_cluster.is_none() {
                    user.default_cluster = Some(cluster.name.clone());
                    tx.put(&user)?;
                }
                self.log(tx, &cluster, actor, ADDED, None)
            })
            .await?;
        let look = self.look(&*link.cluster, FIRST_TEST).await;
        self.note(actor, cluster.id, "connection_test", look).await?;
        self.get(actor, &cluster.name).await
    }

    /// The caller's clusters, newest first, then those that come with the server.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<View>, crate::Error> {
        allow(actor, Action::Read, Subject::Common).map_err(Error::from)?;
        Ok(self.host.db.read(|reader| {
            let mut views = Vec::new();
            let default = default_of(reader, actor)?;
            if let Some(owner) = actor.user() {
                let mut own = reader.list(&Query::by(BY_NAME).prefix(&owner))?;
                own.sort_by_key(|cluster| std::cmp::Reverse(cluster.id));
                views.extend(own.into_iter().map(|cluster| view(cluster, default.as_deref())));
            }
            views.extend(self.host.clusters.keys().map(|name| built_in(name, default.as_deref())));
            Ok::<_, Error>(views)
        })?)
    }

    /// The caller's default cluster.
    pub async fn default(&self, actor: &Actor) -> Result<View, crate::Error> {
        let views = self.list(actor).await?;
        Ok(views.into_iter().find(|view| view.default).ok_or(Error::NoDefault)?)
    }

    /// One cluster.
    pub async fn get(&self, actor: &Actor, name: &str) -> Result<View, crate::Error> {
        allow(actor, Action::Read, Subject::Common).map_err(Error::from)?;
        let found = self.host.db.read(|reader| {
            let default = default_of(reader, actor)?;
            Ok::<_, Error>(match table::find(reader, actor, name)? {
                Some(cluster) => Some(view(cluster, default.as_deref())),
                None if self.host.clusters.contains_key(name) => Some(built_in(name, default.as_deref())),
                None => None,
            })
        })?;
        Ok(found.ok_or(Error::NotFound)?)
    }

    /// Changes what is given. A description can be changed while the cluster is down; a new way in is tried and
    /// its outcome stored as the status.
    pub async fn update(&self, actor: &Actor, name: &str, change: Change) -> Result<View, crate::Error> {
        if let Some(input) = &change.credentials {
            let wrong = check::check_credentials(input);
            if !wrong.is_empty() {
                return Err(Error::Invalid(wrong).into());
            }
        }
        let way_in = change.credentials.is_some() || change.server.is_some() || change.auth_type.is_some();
        self.change(actor, name, |cluster| apply(cluster, &change, &self.links)).await?;
        if way_in {
            // The outcome is the status; the change itself stands.
            let _ = self.test(actor, name).await;
        }
        self.get(actor, name).await
    }

    /// Replaces credentials after they were tried; when they fail nothing is stored.
    pub async fn update_credentials(
        &self,
        actor: &Actor,
        name: &str,
        input: CredentialsInput,
    ) -> Result<View, crate::Error> {
        let wrong = check::check_credentials(&input);
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong).into());
        }
        let change = Change { credentials: Some(input), ..Change::default() };
        let mut trial = self.stored(actor, name)?;
        apply(&mut trial, &change, &self.links)?;
        let link = self.links.fresh(&trial).await?;
        self.look(&*link.cluster, FIRST_TEST).await.map_err(Error::Kube)?;
        self.update(actor, name, change).await
    }

    /// Removes a cluster from the list; nothing in it is touched.
    pub async fn remove(&self, actor: &Actor, name: &str) -> Result<(), crate::Error> {
        self.refuse_built_in(actor, name)?;
        let (removed, _) = self
            .host
            .db
            .write(|tx| {
                let cluster = table::find_for_change(tx, actor, name)?.ok_or(Error::NotFound)?;
                tx.remove::<Cluster>(&cluster.id)?;
                if let Some(mut user) = tx.get::<User>(&cluster.owner)?
                    && user.default_cluster.as_deref() == Some(name)
                {
                    let next = tx.first(Query::by(BY_NAME).prefix(&cluster.owner))?;
                    user.default_cluster = next.map(|cluster| cluster.name);
                    tx.put(&user)?;
                }
                self.log(tx, &cluster, actor, REMOVED, None)?;
                Ok::<_, Error>(cluster.id)
            })
            .await?;
        self.links.close(&removed);
        Ok(())
    }

    /// Makes a cluster the caller's default.
    pub async fn set_default(&self, actor: &Actor, name: &str) -> Result<(), crate::Error> {
        self.get(actor, name).await?;
        let id = actor.user().ok_or(Error::from(Denied::Anonymous))?;
        self.host
            .db
            .write(|tx| {
                let mut user = tx.get::<User>(&id)?.ok_or(Error::NotFound)?;
                user.default_cluster = Some(name.to_owned());
                tx.put(&user)?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(())
    }

    /// Connects with the stored credentials and says what it found; the outcome becomes the status.
    pub async fn test(&self, actor: &Actor, name: &str) -> Result<ServerInfo, crate::Error> {
        let link = self.links.by_name(actor, name).await;
        let stored = self.host.db.read(|reader| table::find(reader, actor, name))?;
        let look = match link {
            Ok(link) => self.look(&*link.cluster, FIRST_TEST).await,
            Err(Error::Kube(error)) => Err(error),
            Err(other) => return Err(other.into()),
        };
        if let Some(cluster) = stored {
            self.note(actor, cluster.id, "connection_test", look.clone()).await?;
        }
        Ok(look.map_err(Error::Kube)?)
    }

    /// Reads version, extent and capabilities anew.
    pub async fn refresh(&self, actor: &Actor, name: &str) -> Result<ServerInfo, crate::Error> {
        self.test(actor, name).await
    }

    /// The connection log, newest first.
    pub async fn logs(&self, actor: &Actor, name: &str, limit: usize) -> Result<Vec<LogEntry>, crate::Error> {
        let view = self.get(actor, name).await?;
        let query = Query::<LogEntry>::all().prefix(&view.id).reverse().limit(limit);
        Ok(self.host.db.read(|reader| reader.list(&query))?)
    }

    async fn look(&self, link: &dyn kube::Cluster, limit: Duration) -> Result<ServerInfo, kube::Error> {
        tokio::select! {
            info = link.info() => info,
            () = self.host.clock.sleep(limit) => {
                Err(kube::Error::Unreachable(format!("no answer within {} s", limit.as_secs())))
            }
        }
    }

    /// Stores what a look found.
    async fn note(
        &self,
        actor: &Actor,
        id: ClusterId,
        action: &str,
        look: Result<ServerInfo, kube::Error>,
    ) -> Result<(), Error> {
        let now = self.host.ids.now();
        let written = self.host.db.write(|tx| {
            let Some(mut cluster) = tx.get::<Cluster>(&id)? else { return Ok(()) };
            cluster.last_check = Some(now);
            cluster.status = match &look {
                Ok(_) => Status::Connected,
                Err(kube::Error::Unreachable(_) | kube::Error::Busy { .. }) => Status::Disconnected,
                Err(_) => Status::Error,
            };
            if let Ok(info) = &look {
                cluster.info = info.clone();
                cluster.info_at = Some(now);
            }
            tx.put(&cluster)?;
            self.log(tx, &cluster, actor, action, look.as_ref().err().map(ToString::to_string))
        });
        written.await.map(|_| ())
    }

    fn log(
        &self,
        tx: &mut Tx<'_>,
        cluster: &Cluster,
        actor: &Actor,
        action: &str,
        error: Option<String>,
    ) -> Result<(), Error> {
        tx.put(&LogEntry {
            id: self.host.ids.next(),
            cluster: cluster.id,
            user: actor.user(),
            action: action.to_owned(),
            success: error.is_none(),
            error,
            at: self.host.ids.now(),
        })?;
        Ok(())
    }

    fn stored(&self, actor: &Actor, name: &str) -> Result<Cluster, Error> {
        self.refuse_built_in(actor, name)?;
        self.host.db.read(|reader| table::find(reader, actor, name))?.ok_or(Error::NotFound)
    }

    fn refuse_built_in(&self, actor: &Actor, name: &str) -> Result<(), Error> {
        allow(actor, Action::Read, Subject::Common)?;
        if self.host.clusters.contains_key(name) { Err(Error::BuiltIn(name.to_owned())) } else { Ok(()) }
    }

    async fn change(
        &self,
        actor: &Actor,
        name: &str,
        change: impl Fn(&mut Cluster) -> Result<(), Error> + Send + Sync,
    ) -> Result<(), Error> {
        self.refuse_built_in(actor, name)?;
        let now = self.host.ids.now();
        let written = self.host.db.write(|tx| {
            let mut cluster = table::find_for_change(tx, actor, name)?.ok_or(Error::NotFound)?;
            change(&mut cluster)?;
            cluster.updated_at = now;
            tx.put(&cluster)?;
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }
}

fn apply(cluster: &mut Cluster, change: &Change, links: &Links) -> Result<(), Error> {
    if let Some(text) = &change.display_name {
        cluster.display_name.clone_from(text);
    }
    if let Some(text) = &change.description {
        cluster.description.clone_from(text);
    }
    if let Some(single_node) = change.single_node {
        cluster.single_node = single_node;
    }
    if let Some(labels) = &change.labels {
        cluster.labels.clone_from(labels);
    }
    if let Some(server) = change.server.as_ref().filter(|text| !text.is_empty()) {
        cluster.server.clone_from(server);
        cluster.generation += 1;
    }
    if let Some(auth_type) = change.auth_type.as_ref().filter(|text| !text.is_empty()) {
        cluster.auth_type = check::parse_auth_type(auth_type)?;
        cluster.generation += 1;
    }
    if let Some(input) = &change.credentials {
        check::seal_into(cluster, input, links.sealer());
        cluster.generation += 1;
    }
    Ok(())
}

fn default_of(reader: &Reader<'_>, actor: &Actor) -> Result<Option<String>, Error> {
    let Some(id) = actor.user() else { return Ok(None) };
    Ok(reader.get::<User>(&id)?.and_then(|user| user.default_cluster))
}

fn view(cluster: Cluster, default: Option<&str>) -> View {
    View {
        default: default == Some(cluster.name.as_str()),
        id: cluster.id,
        name: cluster.name,
        display_name: cluster.display_name,
        description: cluster.description,
        server: cluster.server,
        auth_type: cluster.auth_type.as_str().to_owned(),
        status: cluster.status,
        single_node: cluster.single_node,
        labels: cluster.labels,
        info: cluster.info,
        info_at: cluster.info_at,
        last_check: cluster.last_check,
        built_in: false,
    }
}

fn built_in(name: &str, default: Option<&str>) -> View {
    View {
        id: ClusterId::from(Raw::derived(&["cluster", name])),
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: "comes with the server".into(),
        server: String::new(),
        auth_type: "builtin".into(),
        status: Status::Connected,
        default: default == Some(name),
        single_node: false,
        labels: std::collections::BTreeMap::new(),
        info: ServerInfo::default(),
        info_at: None,
        last_check: None,
        built_in: true,
    }
}
