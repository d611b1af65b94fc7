//! The last steps of a change, one plugin at a time: into the store, then into service.
//!
//! They run as a task of their own, so that a caller who goes away stops them nowhere in the middle. A process that
//! stops between the two serves at its next start what the store says.

use std::sync::Arc;

use serde_json::json;

use super::change::{Change, Done, stream};
use super::model::Seed;
use super::ready::{self, Ready};
use super::service::Inner;
use super::{Error, Failure, Installed, Release, bytes, uses};
use crate::plugin::Candidate;

impl Inner {
    /// Stores a change and serves what came of it.
    pub(super) async fn adopt(self: &Arc<Self>, ready: Ready, change: Change) -> Result<Installed, Error> {
        let inner = Arc::clone(self);
        self.unbroken(async move {
            let _turn = inner.turn.lock().await;
            inner.room(&ready.candidate)?;
            let (done, _) = inner.host.db.write(|tx| change.apply(tx, &ready)).await?;
            if done.after.enabled {
                inner.serve(ready.candidate, &done).await?;
            }
            Ok(done.after)
        })
        .await
    }

    /// Nothing that cannot be served gets into the store.
    fn room(&self, candidate: &Candidate) -> Result<(), Error> {
        let id = &candidate.about().info.id;
        if self.built_in.contains(id) || self.directory.lock().iter().any(|dev| dev.id == *id) {
            return Err(Error::NotInstalled(id.clone()));
        }
        let findings = ready::conflicts(candidate.about(), &self.sandbox()?.plugins());
        if findings.is_empty() { Ok(()) } else { Err(Error::Unusable(findings)) }
    }

    async fn serve(&self, candidate: Candidate, done: &Done) -> Result<(), Error> {
        if let Err(error) = self.sandbox()?.put(candidate) {
            self.take_back(done).await?;
            return Err(error.into());
        }
        self.troubles.lock().remove(&done.after.id);
        // Without it the catalogue shows the plugin all the same, only with the time of the next start.
        if let Err(error) = self.seed().await {
            tracing::warn!(plugin = done.after.id, %error, "the catalogue keeps its old dates");
        }
        Ok(())
    }

    /// The record as it was; what it no longer kept is gone.
    async fn take_back(&self, done: &Done) -> Result<(), Error> {
        let before = done.before.clone().map(|mut before| {
            let stays = |old: &Release| done.after.previous.contains(old) || done.after.current == *old;
            before.previous.retain(stays);
            before
        });
        let restored = self.host.db.write(|tx| {
            match &before {
                Some(before) => tx.put(before)?,
                None => drop(tx.remove::<Installed>(&done.after.id)?),
            }
            bytes::collect(tx, std::slice::from_ref(&done.after.current))?;
            Ok::<_, Error>(())
        });
        restored.await.map(drop)
    }

    /// Serves it no longer.
    pub(super) async fn disable(self: &Arc<Self>, id: String) -> Result<Installed, Error> {
        let inner = Arc::clone(self);
        self.unbroken(async move {
            let _turn = inner.turn.lock().await;
            let (after, _) = inner
                .host
                .db
                .write(|tx| {
                    let mut plugin = tx.get::<Installed>(&id)?.ok_or(Error::NotFound)?;
                    if plugin.enabled {
                        (plugin.enabled, plugin.updated_at) = (false, tx.now());
                        tx.put(&plugin)?;
                        tx.event(stream(&id), "plugin_disabled", &json!({ "plugin": id }))?;
                    }
                    Ok::<_, Error>(plugin)
                })
                .await?;
            inner.sandbox()?.remove(&id);
            inner.troubles.lock().remove(&id);
            Ok(after)
        })
        .await
    }

    /// Takes it out of service and out of the store; refused while workflows need it, unless `force`.
    pub(super) async fn remove(self: &Arc<Self>, id: String, force: bool) -> Result<(), Error> {
        let inner = Arc::clone(self);
        self.unbroken(async move {
            let _turn = inner.turn.lock().await;
            let mut removed = inner.host.db.read(|reader| reader.get::<Installed>(&id))?;
            let plugin = removed.take().ok_or(Error::NotFound)?;
            let releases: Vec<_> = std::iter::once(&plugin.current).chain(&plugin.previous).collect();
            if !force {
                let uses = inner.host.db.read(|reader| uses::of(reader, &releases))?;
                if !uses.is_empty() {
                    return Err(Error::InUse { id, uses });
                }
            }
            let entries = inner.entry_ids(&id);
            let dropped: Vec<Release> = releases.into_iter().cloned().collect();
            let gone = inner.host.db.write(|tx| {
                tx.remove::<Installed>(&id)?;
                bytes::collect(tx, &dropped)?;
                for entry in &entries {
                    tx.erase::<Seed>(entry);
                }
                tx.event(stream(&id), "plugin_removed", &json!({ "plugin": id, "forced": force }))
            });
            gone.await?;
            inner.sandbox()?.remove(&id);
            inner.troubles.lock().remove(&id);
            Ok(())
        })
        .await
    }

    /// Notes why a change of an installed plugin was refused; what is served goes on.
    pub(super) async fn note(&self, id: &str, source: &str, error: &Error) {
        let reason = reason(error);
        let noted = self.host.db.write(|tx| {
            let Some(mut plugin) = tx.get::<Installed>(&id.to_owned())? else { return Ok(()) };
            let failure = Failure { at: tx.now(), source: source.to_owned(), reason: reason.clone() };
            let payload = json!({ "plugin": id, "source": source, "reason": failure.reason });
            plugin.failure = Some(failure);
            tx.put(&plugin)?;
            tx.event(stream(id), "plugin_refused", &payload)
        });
        if let Err(error) = noted.await {
            tracing::warn!(plugin = id, %error, "why a change was refused is not kept");
        }
    }

    /// Runs to its end whether or not the caller still waits for it.
    async fn unbroken<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.tasks.spawn(async move {
            // Nobody may be left to hear it.
            let _ = tell.send(work.await);
        });
        told.await.map_err(|_| Error::Stopping)?
    }
}

/// The message with its findings, for a record and a log.
pub(super) fn reason(error: &Error) -> String {
    match error {
        Error::Unusable(findings) => {
            let one = |finding: &crate::error::Finding| match finding.field.as_str() {
                "" => finding.message.clone(),
                field => format!("{field}: {}", finding.message),
            };
            format!("{error}: {}", findings.iter().map(one).collect::<Vec<_>>().join("; "))
        }
        other => other.to_string(),
    }
}
