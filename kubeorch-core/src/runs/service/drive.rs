//! Executing a run from its record to its end, or to where it holds still.

use std::collections::BTreeMap;
use std::pin::pin;

use super::Service;
use super::seat::Seat;
use crate::clusters::Link;
use crate::error::Finding;
use crate::id::RunId;
use crate::runs::execute::{Control, Execution, Stop, replan_pause};
use crate::runs::model::{Asked, NodePhase, NodeState, Pause, Reason, Run, Status, Values};
use crate::runs::plan::Planned;
use crate::runs::prepare::Prepared;
use crate::runs::record::Recorder;
use crate::runs::{Error, hold, resume, table};
use crate::store::{self, Lease};
use crate::versions;
use crate::workflows::{self, Workflow};

/// What is executed.
pub(super) struct Go {
    pub(super) link: Link,
    pub(super) prepared: Prepared,
    pub(super) planned: Planned,
}

/// What became of trying to take a run.
enum Taken {
    Yes(Box<Run>, Lease),
    /// It ended or holds still.
    Gone,
    /// By another server, until then unless it goes on.
    Held(crate::time::Time),
}

impl Service {
    /// Takes up a run that is stored as running: after a start of the process, a pause, an approval.
    pub(super) async fn take(self, id: RunId, values: Values) {
        let seat = loop {
            match self.seat(id) {
                Some(seat) => break seat,
                // Its last executor is on its way out.
                None => self.vacant(id).await,
            }
        };
        match self.lease(id).await {
            Ok(Some((run, lease))) => self.drive(run, None, values, seat, lease).await,
            Ok(None) => {}
            Err(error) => tracing::error!(run = %id, %error, "a run could not be taken up"),
        }
    }

    async fn lease(&self, id: RunId) -> Result<Option<(Run, Lease)>, Error> {
        let parts = &self.inner.parts;
        let mut stopped = parts.tasks.stopped();
        loop {
            let taken = parts.host.db.write(|tx| {
                let Some(run) = tx.get::<Run>(&id)?.filter(|run| run.status == Status::Running) else {
                    return Ok::<_, Error>(Taken::Gone);
                };
                if let Some(lease) = tx.lease(&hold::name(id), &parts.server, hold::TTL)? {
                    return Ok(Taken::Yes(Box::new(run), lease));
                }
                let held = tx.get::<Lease>(&hold::name(id))?;
                Ok(Taken::Held(held.map_or(tx.now(), |lease| lease.expires)))
            });
            let until = match taken.await?.0 {
                Taken::Yes(run, lease) => return Ok(Some((*run, lease))),
                Taken::Gone => return Ok(None),
                Taken::Held(until) => until,
            };
            tokio::select! {
                () = parts.host.clock.sleep(until.since(parts.host.clock.now())) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(None),
            }
        }
    }

    /// Executes a run whose lease is held. Without `go` it is planned anew.
    pub(super) async fn drive(self, run: Run, go: Option<Go>, values: Values, seat: Seat, lease: Lease) {
        let parts = &self.inner.parts;
        let (id, db) = (run.id, &parts.host.db);
        let before = match db.read(|reader| table::load(reader, id)) {
            Ok(before) => before.unwrap_or_else(|| run.clone()),
            Err(error) => {
                tracing::error!(run = %id, %error, "a run could not be read");
                return;
            }
        };
        let recorder = Recorder::new(parts.host.clone(), &run, lease.clone(), before.logs.len());
        let stopping = async {
            // An engine that is dropped without a stop drops this too.
            let _ = parts.tasks.stopped().wait_for(|stopped| *stopped).await;
            self.tell(id, Control::Leave);
            std::future::pending::<()>().await;
        };
        let asked = |asked| {
            self.tell(id, told(asked));
        };
        let lost = || Stop::Store(store::Error::LeaseLost(lease.name.clone()).into());
        let outcome = tokio::select! {
            outcome = pin!(self.work(&run, &before.nodes, go, &values, &seat, &recorder)) => outcome,
            () = hold::keep(db, &lease, id, asked) => Err(lost()),
            () = stopping => Err(lost()),
        };
        if let Some(next) = self.settle(&run, outcome, values, &recorder).await {
            self.spawn(next, Values::default());
        }
        drop(seat);
    }

    async fn work(
        &self,
        run: &Run,
        before: &BTreeMap<String, NodeState>,
        go: Option<Go>,
        values: &Values,
        seat: &Seat,
        recorder: &Recorder,
    ) -> Result<(), Stop> {
        if let Some(asked) = run.asked {
            return Err(Stop::Told(told(asked)));
        }
        let go = match go {
            Some(go) => go,
            None => self.again(run, before, values, seat, recorder).await?,
        };
        self.attempt(run, before, &go, recorder).await?;
        let observer =
            self.fresh_observer(run.workflow, &go.link, &go.prepared).map_err(|error| failed(&error))?;
        let execution = Execution {
            host: &self.inner.parts.host,
            cluster: &*go.link.cluster,
            observer: &observer,
            recorder,
            prepared: &go.prepared,
            planned: &go.planned,
            options: &run.options,
            before,
            control: seat.control.clone(),
        };
        execution.run().await
    }

    /// Renders and plans a run anew, and proves that it is still the same run.
    async fn again(
        &self,
        run: &Run,
        before: &BTreeMap<String, NodeState>,
        values: &Values,
        seat: &Seat,
        recorder: &Recorder,
    ) -> Result<Go, Stop> {
        let (workflow, version) = self.inner.parts.host.db.read(|reader| {
            let workflow = reader.get::<Workflow>(&run.workflow)?.filter(|it| it.deleted_at.is_none());
            let version = versions::table::find(reader, run.workflow, run.version);
            Ok::<_, Error>((workflow, version))
        })?;
        let Some(mut workflow) = workflow else { return Err(Stop::Told(Control::Cancel)) };
        let version = version.map_err(|error| failed(&error.into()))?;
        // Wherever the workflow went, the run stays.
        (workflow.cluster, workflow.cluster_id) = (run.cluster.clone(), run.cluster_id);
        let prepared = self.prepare(&version.graph, run.workflow).await.map_err(|error| failed(&error))?;
        let prepared = prepared.only(&run.options.only);
        let (link, planned) = self.plan_again(run, &workflow, &prepared, values, seat, recorder).await?;
        if run.content.is_some_and(|known| known != planned.plan.content) {
            return Err(failed(&Error::ContentChanged(run.version)));
        }
        let missing = resume::missing(run, before, &planned.plan.findings, values);
        if !missing.is_empty() {
            return Err(Stop::Values(missing));
        }
        if planned.plan.findings.iter().any(Finding::is_error) {
            return Err(failed(&Error::Findings(planned.plan.findings)));
        }
        match run.plan {
            // Nothing is applied yet: it has to be what was approved.
            Some(expected) if run.attempt == 0 && expected != planned.plan.hash => {
                Err(failed(&Error::PlanChanged { expected, found: planned.plan.hash }))
            }
            _ => Ok(Go { link, prepared, planned }),
        }
    }

    /// A cluster that does not answer now may answer in a moment.
    async fn plan_again(
        &self,
        run: &Run,
        workflow: &Workflow,
        prepared: &Prepared,
        values: &Values,
        seat: &Seat,
        recorder: &Recorder,
    ) -> Result<(Link, Planned), Stop> {
        let host = &self.inner.parts.host;
        let deadline = host.clock.now().plus(run.options.ready_timeout);
        let mut control = seat.control.clone();
        for attempt in 1.. {
            let planned = async {
                let link = self.link(workflow.cluster_id, &workflow.cluster).await?;
                let planned = self.plan_with(&link, workflow, prepared, values, &run.options).await?;
                Ok::<_, Error>((link, planned))
            };
            let error = tokio::select! {
                planned = planned => match planned {
                    Ok(planned) => return Ok(planned),
                    Err(error) => error,
                },
                stop = crate::runs::execute::told(&mut control) => return Err(stop),
            };
            let pause = replan_pause(&error, attempt, &*host.entropy)
                .filter(|pause| host.clock.now().plus(*pause) < deadline);
            let Some(pause) = pause else { return Err(failed(&error)) };
            recorder.log(format!("{error}; again in {:.1} s", pause.as_secs_f64())).await?;
            tokio::select! {
                () = host.clock.sleep(pause) => {}
                stop = crate::runs::execute::told(&mut control) => return Err(stop),
            }
        }
        Err(Stop::Failed("planning was tried too often".into()))
    }

    /// Notes that applying begins, with the plan if there was none.
    async fn attempt(
        &self,
        run: &Run,
        before: &BTreeMap<String, NodeState>,
        go: &Go,
        recorder: &Recorder,
    ) -> Result<(), Stop> {
        let (event, lines) = match run.attempt {
            0 => ("run_applying", opening(&go.prepared, &go.planned)),
            _ => ("run_resumed", vec![goes_on(before, &go.prepared)]),
        };
        let begun = recorder.run(event, &lines, |tx, stored| {
            if stored.plan.is_none() {
                stored.plan = Some(go.planned.plan.hash);
                stored.content = Some(go.planned.plan.content);
                stored.node_count = go.prepared.nodes.len();
                table::put_plan(tx, run.id, &go.planned.plan)?;
            }
            stored.attempt += 1;
            Ok(())
        });
        Ok(begun.await?)
    }

    /// Notes how it ended, or that it holds still. Answers a run that begins with it.
    async fn settle(
        &self,
        run: &Run,
        outcome: Result<(), Stop>,
        values: Values,
        recorder: &Recorder,
    ) -> Option<RunId> {
        let settled = match outcome {
            Ok(()) => recorder.finish(Status::Completed, None).await,
            Err(Stop::Failed(reason)) => recorder.finish(Status::Failed, Some(reason)).await,
            Err(Stop::Told(Control::Cancel)) => {
                let text = "cancelled; what was applied stays".to_owned();
                recorder.finish(Status::Cancelled, Some(text)).await
            }
            Err(Stop::Told(Control::Pause)) => self.hold(run, None, values, recorder).await,
            Err(Stop::Values(nodes)) => self.hold(run, Some(nodes), values, recorder).await,
            Err(Stop::Told(Control::Leave | Control::Go)) => recorder.leave().await.map(|()| None),
            // Somebody else has it, or has ended it.
            Err(Stop::Store(Error::Store(store::Error::LeaseLost(_)))) => Ok(None),
            Err(Stop::Store(error)) => recorder.finish(Status::Failed, Some(error.to_string())).await,
        };
        settled.unwrap_or_else(|error| {
            // It stays `running` in the store; the next start goes on with it.
            tracing::error!(run = %run.id, %error, "the state of a run could not be stored");
            None
        })
    }

    /// Lets a run hold still. A cancel that came meanwhile wins.
    async fn hold(
        &self,
        run: &Run,
        nodes: Option<Vec<String>>,
        values: Values,
        recorder: &Recorder,
    ) -> Result<Option<RunId>, Error> {
        let lines = [match &nodes {
            Some(nodes) => format!("paused: the values of {} have to be given again", nodes.join(", ")),
            None => "paused".to_owned(),
        }];
        let kept = !values.nodes().is_empty();
        if kept {
            // Before the record, so that whoever resumes at once finds them.
            self.inner.values.lock().insert(run.id, values);
        }
        let reason = nodes.map_or(Reason::Requested, |nodes| Reason::Values { nodes });
        let mut cancelled = false;
        let held = recorder.run("run_paused", &lines, |tx, stored| {
            cancelled = matches!(stored.asked, Some(Asked::Cancel { .. }));
            if cancelled {
                return Ok(());
            }
            let by = stored.asked.take().and_then(|asked| match asked {
                Asked::Pause { by } | Asked::Cancel { by } => by,
            });
            stored.status = Status::Paused;
            stored.pause = Some(Pause { reason: reason.clone(), by, at: tx.now(), expires: None });
            Ok(())
        });
        held.await?;
        if cancelled {
            self.inner.values.lock().remove(&run.id);
            let text = "cancelled; what was applied stays".to_owned();
            return recorder.finish(Status::Cancelled, Some(text)).await;
        }
        Ok(None)
    }
}

fn told(asked: Asked) -> Control {
    match asked {
        Asked::Pause { .. } => Control::Pause,
        Asked::Cancel { .. } => Control::Cancel,
    }
}

/// Why a run cannot go on.
fn failed(error: &Error) -> Stop {
    Stop::Failed(match error {
        Error::Findings(findings) => workflows::summary(findings),
        other => other.to_string(),
    })
}

fn opening(prepared: &Prepared, planned: &Planned) -> Vec<String> {
    let names: Vec<_> = prepared.nodes.iter().map(|node| node.input.id.as_str()).collect();
    let first = format!("{} nodes on cluster {}: {}", names.len(), planned.plan.cluster, names.join(" "));
    let findings = planned.plan.findings.iter().map(|finding| format!("warning: {finding}"));
    std::iter::once(first).chain(prepared.notes.iter().cloned()).chain(findings).collect()
}

fn goes_on(before: &BTreeMap<String, NodeState>, prepared: &Prepared) -> String {
    let applied = |state: &&NodeState| matches!(state.status, NodePhase::Waiting | NodePhase::Completed);
    let done = before.values().filter(applied).count();
    format!("goes on: {done} of {} nodes are applied", prepared.nodes.len())
}
