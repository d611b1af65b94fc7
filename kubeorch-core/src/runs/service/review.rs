//! Approving and rejecting the plan of a run that waits for it.

use super::control::alive;
use super::{Service, permit};
use crate::actor::{Action, Actor};
use crate::graph::Hash;
use crate::id::RunId;
use crate::runs::model::{Approval, Reason, Run, Status, Values};
use crate::runs::record::{clean, finish, told};
use crate::runs::{Error, approval};
use crate::store::Tx;
use crate::workflows;

impl Service {
    /// Says yes to a run's plan. With the last one that is needed the run plans again and begins, if the plan is still
    /// the same. An account's second yes changes nothing.
    pub async fn approve(
        &self,
        actor: &Actor,
        id: RunId,
        plan: Hash,
        comment: Option<&str>,
    ) -> Result<Run, crate::Error> {
        if self.inner.parts.tasks.stopping() {
            return Err(Error::ShuttingDown.into());
        }
        let written = self.inner.parts.host.db.write(|tx| {
            let mut run = self.reviewed(tx, actor, id)?;
            let comment = comment.map(clean).filter(|text| !text.is_empty());
            let approval = Approval { user: actor.user(), at: tx.now(), plan, comment };
            let enough = approval::add(&mut run, approval)?;
            if enough {
                run.status = Status::Running;
                run.pause = None;
            }
            tx.put(&run)?;
            tx.event(workflows::stream(run.workflow), "run_approved", &told(&run))?;
            Ok::<_, Error>(enough)
        });
        if written.await?.0 {
            self.spawn(id, Values::default());
        }
        Ok(self.load(actor, id)?)
    }

    /// Says no: the run ends, and nothing was applied.
    pub async fn reject(&self, actor: &Actor, id: RunId, comment: Option<&str>) -> Result<Run, crate::Error> {
        let comment = comment.map(clean).filter(|text| !text.is_empty());
        let text = comment.map_or_else(|| "rejected".to_owned(), |comment| format!("rejected: {comment}"));
        let written = self.inner.parts.host.db.write(|tx| {
            self.reviewed(tx, actor, id)?;
            finish(tx, id, Status::Cancelled, Some(&text)).map(drop)
        });
        written.await?;
        self.inner.values.lock().remove(&id);
        Ok(self.load(actor, id)?)
    }

    /// The run, when it waits for the caller's word.
    fn reviewed(&self, tx: &Tx<'_>, actor: &Actor, id: RunId) -> Result<Run, Error> {
        let run = tx.get::<Run>(&id)?.ok_or(Error::NotFound)?;
        permit(tx, actor, Action::Read, &run)?;
        let owner = permit(tx, actor, Action::Use, &run).is_ok();
        approval::check(&run, actor, owner)?;
        alive(tx, id)
    }

    /// Ends a run that is not approved in time.
    pub(super) fn expire(&self, run: &Run) {
        let Some(pause) = run.pause.clone().filter(|pause| pause.reason == Reason::Approval) else { return };
        let Some(expires) = pause.expires else { return };
        let (service, id) = (self.clone(), run.id);
        let clock = std::sync::Arc::clone(&self.inner.parts.host.clock);
        let mut stopped = self.inner.parts.tasks.stopped();
        self.inner.parts.tasks.spawn(async move {
            tokio::select! {
                () = clock.sleep(expires.since(clock.now())) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
            let text = format!("not approved until {expires}");
            let ended = service.inner.parts.host.db.write(|tx| {
                if tx.get::<Run>(&id)?.is_some_and(|run| run.pause.as_ref() == Some(&pause)) {
                    finish(tx, id, Status::Failed, Some(&text))?;
                }
                Ok::<_, Error>(())
            });
            if let Err(error) = ended.await {
                tracing::error!(run = %id, %error, "a run that was not approved could not be ended");
            }
            service.inner.values.lock().remove(&id);
        });
    }
}
