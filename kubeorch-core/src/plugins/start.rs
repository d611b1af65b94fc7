//! What is served when an engine starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;

use super::model::{Installed, Seed};
use super::ready;
use super::service::Inner;
use super::{Error, adopt, bytes, catalogue, directory};
use crate::plugin::Candidate;
use crate::store::Query;

impl Inner {
    /// Serves what is installed and enabled, then the directory. Nothing of it stops a start: what fails is listed with
    /// its error.
    pub(super) async fn start(&self) -> Result<(), Error> {
        if self.sandbox.is_none() {
            return Ok(());
        }
        if self.policy.trust.allow_unsigned {
            tracing::warn!("plugins without a signature may be installed; this is for development");
        }
        let installed = self.host.db.read(|reader| reader.list(&Query::<Installed>::all()))?;
        let enabled: Vec<_> = installed.into_iter().filter(|plugin| plugin.enabled).collect();
        let loads = enabled.iter().map(|plugin| self.revive(plugin));
        // Loading is side by side, serving in the order of ids: the same plugins win every time.
        for (plugin, loaded) in enabled.iter().zip(join_all(loads).await) {
            let served = loaded.and_then(|candidate| {
                let sandbox = self.sandbox()?;
                let findings = ready::conflicts(candidate.about(), &sandbox.plugins());
                if findings.is_empty() { Ok(sandbox.put(candidate)?) } else { Err(Error::Unusable(findings)) }
            });
            if let Err(error) = served {
                let reason = adopt::reason(&error);
                tracing::warn!(plugin = plugin.id, reason, "an installed plugin is not served");
                self.troubles.lock().insert(plugin.id.clone(), reason);
            }
        }
        if let Some(dir) = &self.policy.directory {
            directory::serve(self, dir).await;
        }
        self.seed().await
    }

    /// Loads what the store keeps of a plugin in use.
    pub(super) async fn revive(&self, plugin: &Installed) -> Result<Candidate, Error> {
        self.policy.trust.admits(&plugin.current)?;
        let bytes = self.host.db.read(|reader| bytes::read(reader, &plugin.current))?;
        let candidate = self.sandbox()?.load(&plugin.id, Arc::from(bytes)).await?;
        let found = candidate.about().info.id.clone();
        if found == plugin.id {
            Ok(candidate)
        } else {
            Err(Error::OtherPlugin { wanted: plugin.id.clone(), found })
        }
    }

    /// Dates what the catalogue shows for the first time, or shows otherwise than before.
    pub(super) async fn seed(&self) -> Result<(), Error> {
        let entries = self.entries();
        let digests: BTreeMap<&String, String> = entries.iter().map(|(id, it)| (id, it.digest())).collect();
        let seeded = self.host.db.write(|tx| {
            for (id, digest) in &digests {
                let known = tx.get::<Seed>(id)?;
                if known.as_ref().is_some_and(|seed| seed.digest == *digest) {
                    continue;
                }
                let created_at = known.map_or(tx.now(), |seed| seed.created_at);
                let (entry, digest) = ((*id).clone(), digest.clone());
                tx.put(&Seed { entry, digest, created_at, updated_at: tx.now() })?;
            }
            Ok::<_, Error>(())
        });
        seeded.await.map(drop)
    }

    /// What plugins in service bring, by entry.
    pub(super) fn entries(&self) -> BTreeMap<String, catalogue::Brought> {
        let plugins = self.sandbox.as_ref().map(|sandbox| sandbox.plugins()).unwrap_or_default();
        catalogue::entries(&plugins, &self.built_in)
    }

    /// The entries that a plugin in service brings.
    pub(super) fn entry_ids(&self, plugin: &str) -> Vec<String> {
        self.entries().into_values().filter(|it| it.plugin == plugin).map(|it| it.entry.id).collect()
    }

    pub(super) fn is_installed(&self, id: &str) -> Result<bool, Error> {
        Ok(self.host.db.read(|reader| reader.contains::<Installed>(&id.to_owned()))?)
    }
}
