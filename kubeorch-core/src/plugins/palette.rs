//! What a user sees of plugins and chooses from them.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Choice, Seed};
use super::{Error, Listed, Service, catalogue};
use crate::actor::{Action, Actor, Denied, Subject, allow};
use crate::store::Query;

impl Service {
    /// The catalogue, by category, then id, with what the caller enabled.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Listed>, crate::Error> {
        allow(actor, Action::Read, Subject::Common).map_err(Error::from)?;
        Ok(self.listed(actor)?)
    }

    /// What the caller enabled, in the same order.
    pub async fn enabled(&self, actor: &Actor) -> Result<Vec<Listed>, crate::Error> {
        let mut listed = self.list(actor).await?;
        listed.retain(|entry| entry.enabled_at.is_some());
        Ok(listed)
    }

    /// The categories of the catalogue, sorted.
    pub async fn categories(&self, actor: &Actor) -> Result<Vec<String>, crate::Error> {
        let listed = self.list(actor).await?;
        Ok(listed.into_iter().map(|it| it.entry.category).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// One entry of the catalogue.
    pub async fn entry(&self, actor: &Actor, id: &str) -> Result<Listed, crate::Error> {
        let listed = self.list(actor).await?;
        Ok(listed.into_iter().find(|it| it.entry.id == id).ok_or(Error::NotFound)?)
    }

    /// Puts an entry into the caller's palette. Enabling it twice changes nothing.
    pub async fn enable_entry(&self, actor: &Actor, id: &str) -> Result<(), crate::Error> {
        self.choose(actor, id, true).await
    }

    /// Takes an entry out of the caller's palette; nodes that are drawn already stay and deploy. Also what was never
    /// enabled can be disabled.
    pub async fn disable_entry(&self, actor: &Actor, id: &str) -> Result<(), crate::Error> {
        self.choose(actor, id, false).await
    }

    /// The entry that each node type belongs to; a type without one is everybody's.
    pub(crate) fn owners(&self) -> BTreeMap<String, String> {
        let of = |it: catalogue::Brought| {
            let entry = it.entry.id;
            it.node_types.into_iter().map(move |node_type| (node_type.name.clone(), entry.clone()))
        };
        self.inner.entries().into_values().flat_map(of).collect()
    }

    fn listed(&self, actor: &Actor) -> Result<Vec<Listed>, Error> {
        let entries = self.inner.entries();
        let listed = self.inner.host.db.read(|reader| {
            let mut listed = Vec::with_capacity(entries.len());
            for (id, brought) in entries {
                // Written when the plugin came into service; gone when it is just being removed.
                let Some(seed) = reader.get::<Seed>(&id)? else { continue };
                let choice = match actor.user() {
                    Some(user) => reader.get::<Choice>(&(user, id))?,
                    None => None,
                };
                listed.push(Listed {
                    entry: brought.entry,
                    plugin: brought.plugin,
                    node_types: brought.node_types.iter().map(|it| (&**it).into()).collect(),
                    created_at: seed.created_at,
                    updated_at: seed.updated_at,
                    enabled_at: choice.and_then(|choice| choice.enabled_at),
                });
            }
            Ok::<_, Error>(listed)
        });
        let mut listed = listed?;
        listed.sort_by(|a, b| (&a.entry.category, &a.entry.id).cmp(&(&b.entry.category, &b.entry.id)));
        Ok(listed)
    }

    async fn choose(&self, actor: &Actor, id: &str, on: bool) -> Result<(), crate::Error> {
        allow(actor, Action::Use, Subject::Common).map_err(Error::from)?;
        let user = actor.user().ok_or(Error::from(Denied::Anonymous))?;
        if !self.inner.entries().contains_key(id) {
            return Err(Error::NotFound.into());
        }
        let chosen = self.inner.host.db.write(|tx| {
            let known = tx.get::<Choice>(&(user, id.to_owned()))?.and_then(|choice| choice.enabled_at);
            let enabled_at = on.then(|| known.unwrap_or(tx.now()));
            if known != enabled_at {
                tx.put(&Choice { user, entry: id.to_owned(), enabled_at })?;
            }
            Ok::<_, Error>(())
        });
        Ok(chosen.await.map(drop)?)
    }

    /// The entries that an account has enabled; `None` for the engine itself, which has no palette to keep short.
    pub(crate) fn choices(&self, actor: &Actor) -> Result<Option<BTreeSet<String>>, Error> {
        let Some(user) = actor.user() else { return Ok(None) };
        let chosen = self.inner.host.db.read(|reader| reader.list(&Query::<Choice>::all().prefix(&user)))?;
        Ok(Some(chosen.into_iter().filter(|it| it.enabled_at.is_some()).map(|it| it.entry).collect()))
    }
}
