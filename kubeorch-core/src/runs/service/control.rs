//! Pausing, resuming and ending runs, and going on with what a stopped process left.

use std::time::Duration;

use super::{Service, permit};
use crate::actor::{Action, Actor};
use crate::id::{RunId, UserId};
use crate::runs::execute::Control;
use crate::runs::model::{Asked, Pause, Reason, Run, Status, Values};
use crate::runs::record::{finish, told};
use crate::runs::{Error, hold, table};
use crate::store::{Lease, Query, Tx};
use crate::workflows;

/// How long a caller waits for a run to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(5);

impl Service {
    /// Lets a run hold still at the next boundary of a node, or at once while it waits. What was asked is stored: a
    /// stop of the process does not forget it. Answers the run after at most 5 s; it may still be on its way. A run that
    /// holds still already stays so.
    pub async fn pause(&self, actor: &Actor, id: RunId) -> Result<Run, crate::Error> {
        self.permitted(actor, id)?;
        let by = actor.user();
        let written = self.inner.parts.host.db.write(|tx| {
            let mut run = alive(tx, id)?;
            if run.status == Status::Running && run.asked.is_none() {
                run.asked = Some(Asked::Pause { by });
                tx.put(&run)?;
            }
            Ok::<_, Error>(())
        });
        written.await?;
        if !self.tell(id, Control::Pause) {
            self.pause_idle(id).await?;
        }
        Ok(self.until(actor, id, PATIENCE, |run| run.status != Status::Running).await?)
    }

    /// Lets a paused run go on. Values that it had are gone if the process stopped since; those given here are added to
    /// those that are still known. A run that is on its way stays so.
    pub async fn resume(&self, actor: &Actor, id: RunId, values: Values) -> Result<Run, crate::Error> {
        self.permitted(actor, id)?;
        if self.inner.parts.tasks.stopping() {
            return Err(Error::ShuttingDown.into());
        }
        let given = values.nodes();
        let written = self.inner.parts.host.db.write(|tx| {
            let mut run = alive(tx, id)?;
            match run.pause.take().map(|pause| pause.reason) {
                None => return Ok(false),
                Some(Reason::Approval) => return Err(Error::NotWaiting("a resume but for an approval")),
                Some(Reason::Requested | Reason::Values { .. }) => {}
            }
            run.status = Status::Running;
            run.given.extend(given.iter().cloned());
            run.given.sort_unstable();
            run.given.dedup();
            tx.put(&run)?;
            tx.event(workflows::stream(run.workflow), "run_resuming", &told(&run))?;
            Ok::<_, Error>(true)
        });
        if written.await?.0 {
            self.spawn(id, values);
        }
        Ok(self.load(actor, id)?)
    }

    /// Asks a run to stop; what it applied stays. Asking twice, or after the end, changes nothing.
    pub async fn cancel(&self, actor: &Actor, id: RunId) -> Result<Run, crate::Error> {
        let run = self.permitted(actor, id)?;
        if !run.status.ended() {
            self.stop(id, actor.user()).await?;
        }
        Ok(self.until(actor, id, PATIENCE, |run| run.status.ended()).await?)
    }

    /// Asks the executor of a run to stop; a run that has none is ended here.
    pub(super) async fn stop(&self, id: RunId, by: Option<UserId>) -> Result<(), Error> {
        let text = "cancelled; what was applied stays";
        let written = self.inner.parts.host.db.write(|tx| {
            let Some(mut run) = tx.get::<Run>(&id)?.filter(|run| !run.status.ended()) else {
                return Ok(false);
            };
            if run.status == Status::Paused {
                finish(tx, id, Status::Cancelled, Some(text))?;
                return Ok(false);
            }
            run.asked = Some(Asked::Cancel { by });
            tx.put(&run)?;
            Ok::<_, Error>(true)
        });
        let running = written.await?.0;
        if !running {
            self.inner.values.lock().remove(&id);
        } else if !self.tell(id, Control::Cancel) {
            let text = "cancelled; nothing was executing it";
            let db = &self.inner.parts.host.db;
            let ended = db.write(|tx| {
                if self.elsewhere(tx, id)? {
                    return Ok(());
                }
                finish(tx, id, Status::Cancelled, Some(text)).map(drop)
            });
            ended.await?;
        }
        Ok(())
    }

    /// Holds a run still that nothing executes.
    async fn pause_idle(&self, id: RunId) -> Result<(), Error> {
        let written = self.inner.parts.host.db.write(|tx| {
            let Some(mut run) = tx.get::<Run>(&id)?.filter(|run| run.status == Status::Running) else {
                return Ok(());
            };
            let Some(Asked::Pause { by }) = run.asked else { return Ok(()) };
            if self.elsewhere(tx, id)? {
                return Ok(());
            }
            run.asked = None;
            run.status = Status::Paused;
            run.pause = Some(Pause { reason: Reason::Requested, by, at: tx.now(), expires: None });
            tx.put(&run)?;
            tx.event(workflows::stream(run.workflow), "run_paused", &told(&run))?;
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }

    /// Whether another server executes it: that one reads what is asked when it prolongs its lease.
    fn elsewhere(&self, tx: &Tx<'_>, id: RunId) -> Result<bool, Error> {
        let lease = tx.get::<Lease>(&hold::name(id))?;
        Ok(lease.is_some_and(|lease| lease.holder != self.inner.parts.server && lease.expires > tx.now()))
    }

    /// Goes on with what a stopped process left (contract 5.10), in the background. Answers how many runs these are.
    pub(crate) async fn recover(&self) -> Result<usize, crate::Error> {
        let db = &self.inner.parts.host.db;
        let left = db.read(|reader| Ok::<_, Error>(reader.list(&Query::by(table::RUNNING))?))?;
        let mut running = 0;
        for run in left {
            match run.status {
                // A release that could not go on with it began it, and did not note what it rendered to.
                Status::Running if run.plan.is_some() && run.content.is_none() => {
                    let text = "interrupted: the server stopped while it ran; run it again to go on";
                    db.write(|tx| finish(tx, run.id, Status::Failed, Some(text)).map(drop)).await?;
                }
                Status::Running => {
                    running += 1;
                    self.spawn(run.id, Values::default());
                }
                _ => self.expire(&run),
            }
        }
        Ok(running)
    }

    /// Executes a run that is stored as running, with what is known of its values.
    pub(super) fn spawn(&self, id: RunId, values: Values) {
        let kept = self.inner.values.lock().remove(&id).unwrap_or_default();
        let values = kept.and(values);
        let service = self.clone();
        self.inner.parts.tasks.spawn(async move { service.take(id, values).await });
    }

    pub(super) fn permitted(&self, actor: &Actor, id: RunId) -> Result<Run, Error> {
        self.inner.parts.host.db.read(|reader| {
            let run = reader.get::<Run>(&id)?.ok_or(Error::NotFound)?;
            permit(reader, actor, Action::Read, &run)?;
            permit(reader, actor, Action::Use, &run)?;
            Ok(run)
        })
    }
}

/// A run that has not ended.
pub(super) fn alive(tx: &Tx<'_>, id: RunId) -> Result<Run, Error> {
    let run = tx.get::<Run>(&id)?.ok_or(Error::NotFound)?;
    if run.status.ended() { Err(Error::Ended(run.status)) } else { Ok(run) }
}
