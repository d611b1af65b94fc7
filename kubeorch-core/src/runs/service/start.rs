//! Beginning a run.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::sync::oneshot;

use super::planning::check;
use super::seat::Seat;
use super::{Service, drive};
use crate::actor::{Action, Actor};
use crate::clusters::Link;
use crate::error::Finding;
use crate::graph::Graph;
use crate::id::{RunId, WorkflowId};
use crate::runs::model::{Options, Pause, Reason, Run, Status, Trigger, Values};
use crate::runs::plan::Planned;
use crate::runs::prepare::Prepared;
use crate::runs::{Error, hold, table};
use crate::store::{Lease, Tx};
use crate::versions::{self, Label};
use crate::workflows::{self, Workflow};

/// What a run executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// The graph as it is saved now; the run makes a version of it.
    #[default]
    Saved,
    /// A version that is there. The saved graph stays as it is.
    Version(u64),
}

/// Everything a run is begun from.
pub(super) struct Begun {
    actor: Actor,
    workflow: Workflow,
    source: Source,
    trigger: Trigger,
    graph: Graph,
    pub(super) link: Link,
    pub(super) prepared: Prepared,
    pub(super) planned: Planned,
    pub(super) options: Options,
    values: Values,
}

impl Service {
    /// Snapshots the graph, plans, and begins to execute in the background. Everything that forbids it is
    /// reported at once, before anything is applied.
    pub async fn start(
        &self,
        actor: &Actor,
        id: WorkflowId,
        values: Values,
        options: Options,
    ) -> Result<Run, crate::Error> {
        self.start_from(actor, id, Source::Saved, Trigger::Manual, values, options).await
    }

    /// [`start`](Self::start) of the saved graph or of a version. With [`Options::approvals`] it waits for them, and
    /// plans again before it begins: it goes on only if the plan is the approved one.
    pub async fn start_from(
        &self,
        actor: &Actor,
        id: WorkflowId,
        source: Source,
        trigger: Trigger,
        values: Values,
        options: Options,
    ) -> Result<Run, crate::Error> {
        if self.inner.parts.tasks.stopping() {
            return Err(Error::ShuttingDown.into());
        }
        check(&options, actor)?;
        let (workflow, graph) = self.source(actor, id, source)?;
        if workflow.status != workflows::Status::Published {
            return Err(Error::NotPublished.into());
        }
        let prepared = self.prepare(&graph, id).await?.only(&options.only);
        let (link, planned) = self.plan_all(&workflow, &prepared, &values, &options).await?;
        if planned.plan.findings.iter().any(Finding::is_error) {
            return Err(Error::Findings(planned.plan.findings).into());
        }
        if let Some(expected) = options.expect.filter(|expected| *expected != planned.plan.hash) {
            return Err(Error::PlanChanged { expected, found: planned.plan.hash }.into());
        }
        let begun = Begun {
            actor: *actor,
            workflow,
            source,
            trigger,
            graph,
            link,
            prepared,
            planned,
            options,
            values,
        };
        let (answer, run) = oneshot::channel();
        let service = self.clone();
        // One task from the record to the end: a caller that hangs up cannot leave a run without its executor.
        self.inner.parts.tasks.spawn(async move { service.begun(begun, answer).await });
        run.await.map_err(|_| Error::ShuttingDown)?.map_err(Into::into)
    }

    /// Brings a version back: a run of it, without a change of the saved graph. Values that the version needs are
    /// taken from the cluster where they are live, and may be given anew.
    pub async fn rollback(
        &self,
        actor: &Actor,
        id: WorkflowId,
        version: u64,
        values: Values,
        options: Options,
    ) -> Result<Run, crate::Error> {
        let from = self.inner.parts.host.db.read(|reader| {
            workflows::table::open(reader, actor, Action::Use, id)?;
            Ok::<_, Error>(table::newest(reader, id, 1)?.pop().map_or(0, |run| run.version))
        })?;
        let trigger = Trigger::Rollback { from, automatic: false };
        self.start_from(actor, id, Source::Version(version), trigger, values, options).await
    }

    fn source(&self, actor: &Actor, id: WorkflowId, source: Source) -> Result<(Workflow, Graph), Error> {
        match source {
            Source::Saved => self.open(actor, Action::Use, id),
            Source::Version(seq) => self.inner.parts.host.db.read(|reader| {
                let workflow = workflows::table::open(reader, actor, Action::Use, id)?;
                Ok((workflow, versions::table::find(reader, id, seq)?.graph))
            }),
        }
    }

    /// Stores the run, answers it, and executes it, unless it has to be approved first.
    async fn begun(self, begun: Begun, answer: oneshot::Sender<Result<Run, Error>>) {
        let id: RunId = self.inner.parts.host.ids.next();
        // Before the record is there, so that a cancel always finds somebody.
        let Some(seat) = self.seat(id) else { return };
        let (run, lease) = match self.begin(&begun, id).await {
            Ok(stored) => stored,
            Err(error) => {
                // The caller may be gone; nothing was stored.
                let _ = answer.send(Err(error));
                return;
            }
        };
        if let Some(lease) = lease {
            // The caller may be gone; the run goes on.
            let _ = answer.send(Ok(run.clone()));
            self.first(run, begun, seat, lease).await;
            return;
        }
        self.inner.values.lock().insert(id, begun.values);
        drop(seat);
        self.expire(&run);
        let _ = answer.send(Ok(run));
    }

    async fn first(self, run: Run, begun: Begun, seat: Seat, lease: Lease) {
        let Begun { link, prepared, planned, values, .. } = begun;
        let go = drive::Go { link, prepared, planned };
        self.drive(run, Some(go), values, seat, lease).await;
    }

    /// Stores version, run, plan and lease in one transaction. The unique index on active runs refuses a second one.
    /// Without a lease the run waits for its approval.
    async fn begin(&self, begun: &Begun, id: RunId) -> Result<(Run, Option<Lease>), Error> {
        let Begun { workflow, planned, .. } = begun;
        let parts = &self.inner.parts;
        let written = parts.host.db.write(|tx| {
            if let Some(active) = table::active(tx, workflow.id)? {
                return Err(Error::Active(active.id));
            }
            let stored = tx.get::<Workflow>(&workflow.id)?.filter(|stored| stored.deleted_at.is_none());
            let mut stored = stored.ok_or(workflows::Error::NotFound)?;
            // Planning took its time: what it was made for must still hold.
            if stored.status != workflows::Status::Published {
                return Err(Error::NotPublished);
            }
            if (stored.cluster_id, &stored.cluster) != (workflow.cluster_id, &workflow.cluster) {
                return Err(workflows::Error::Conflict { current: stored.revision }.into());
            }
            let version = self.version(tx, begun, id)?;
            if begun.source == Source::Saved {
                stored.current_version = version;
            }
            stored.last_run_at = Some(tx.now());
            tx.put(&stored)?;
            let run = record(tx, begun, id, version);
            tx.insert(&run)?;
            table::put_plan(tx, id, &planned.plan)?;
            let payload = json!({
                "run_id": id, "version": version, "plan": run.plan, "trigger": run.trigger.as_str(),
                "status": run.status,
            });
            tx.event(workflows::stream(workflow.id), "run_started", &payload)?;
            let lease = match run.status {
                Status::Running => tx.lease(&hold::name(id), &parts.server, hold::TTL)?,
                _ => None,
            };
            Ok((run, lease))
        });
        Ok(written.await?.0)
    }

    /// The version that the run executes, made in the same transaction when it is the saved graph.
    fn version(&self, tx: &mut Tx<'_>, begun: &Begun, id: RunId) -> Result<u64, Error> {
        let Begun { workflow, graph, actor, .. } = begun;
        match begun.source {
            Source::Version(seq) if tx.contains::<versions::Version>(&(workflow.id, seq))? => Ok(seq),
            Source::Version(_) => Err(versions::Error::NotFound.into()),
            Source::Saved => {
                let description = Some(format!("Snapshot for run at {}", tx.now()));
                let label = Label { description, ..Label::default() };
                let origin = versions::table::Origin {
                    author: actor.user(),
                    automatic: true,
                    run: Some(id),
                    ..Default::default()
                };
                let host = &self.inner.parts.host;
                Ok(versions::table::append(tx, host, workflow.id, graph, label, origin)?.seq)
            }
        }
    }
}

fn record(tx: &Tx<'_>, begun: &Begun, id: RunId, version: u64) -> Run {
    let Begun { workflow, prepared, planned, options, .. } = begun;
    let now = tx.now();
    let approval = options.approvals > 0;
    Run {
        id,
        workflow: workflow.id,
        version,
        cluster: workflow.cluster.clone(),
        cluster_id: workflow.cluster_id,
        status: if approval { Status::Paused } else { Status::Running },
        started_at: now,
        completed_at: None,
        nodes: BTreeMap::new(),
        logs: Vec::new(),
        error: None,
        trigger: begun.trigger,
        user: begun.actor.user(),
        plan: Some(planned.plan.hash),
        content: Some(planned.plan.content),
        options: options.clone(),
        given: begun.values.nodes(),
        node_count: prepared.nodes.len(),
        attempt: 0,
        asked: None,
        pause: approval.then(|| Pause {
            reason: Reason::Approval,
            by: begun.actor.user(),
            at: now,
            expires: Some(now.plus(options.approval_expiry)),
        }),
        approvals: Vec::new(),
        kept: None,
    }
}
