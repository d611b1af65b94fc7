//! One sweep: gathers facts, decides, removes.
//!
//! Every step is a small transaction that reads what it removes again, so what changed meanwhile runs it anew. Steps
//! yield, and a stop of the engine ends the sweep between two of them; the next one goes on.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::watch;

use super::decide::{self, RunFact, Scope, VersionFact};
use super::meter::Meter;
use super::{Error, Policy, Report};
use crate::engine::Host;
use crate::error::{Describe, codes};
use crate::id::{RunId, WorkflowId};
use crate::runs::retain;
use crate::store::{Query, Reader, Seq};
use crate::time::Time;
use crate::versions::{Version, collect, table};
use crate::workflows::{self, Workflow};

/// The most rows or events that one transaction removes: other writers wait for it.
const STEP: usize = 500;

/// What a sweep remembers for the next one; losing it costs time, nothing else.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) meter: Meter,
    logs: HashMap<WorkflowId, Done>,
    /// Whether a collection left nothing behind since a version was removed; nobody knows after a start.
    collected: bool,
}

/// How far the logs of a workflow's runs were seen to. Runs of a workflow follow each other, and the log of one
/// that has ended does not change.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    /// Up to this run there are no log lines.
    emptied: Option<RunId>,
    /// Up to this run they are within the bytes.
    measured: Option<RunId>,
}

pub(super) struct Sweep<'a> {
    pub(super) host: &'a Host,
    pub(super) policy: &'a Policy,
    pub(super) stop: &'a watch::Receiver<bool>,
    pub(super) now: Time,
    pub(super) report: &'a mut Report,
}

impl Sweep<'_> {
    /// Everything, until it is done or the engine stops.
    pub(super) async fn run(mut self, memory: &mut Memory) -> Result<(), Error> {
        let mut query = Query::<Workflow>::all().limit(STEP);
        let mut present = BTreeSet::new();
        // Whatever ends this sweep early leaves it owed.
        let owed = !std::mem::take(&mut memory.collected);
        loop {
            let workflows = self.host.db.read(|reader| reader.list(&query))?;
            let Some(last) = workflows.last() else { break };
            query = Query::all().after(&last.id).limit(STEP);
            for workflow in &workflows {
                let done = memory.logs.entry(workflow.id).or_default();
                present.insert(workflow.id);
                match self.workflow(workflow, done).await {
                    // What cannot be read is for `verify`; it must not keep the rest of the store from being swept.
                    Err(error) if error.code() == codes::STORE_DAMAGED => {
                        tracing::warn!(workflow = %workflow.id, %error, "retention left a workflow out");
                    }
                    other => other?,
                }
                if !self.goes_on().await {
                    return Ok(());
                }
            }
        }
        memory.logs.retain(|id, _| present.contains(id));
        self.events(&mut memory.meter).await?;
        memory.collected = if owed || self.report.versions > 0 { self.collect().await? } else { true };
        Ok(())
    }

    /// Removes the parts of graphs that no version needs any more; `false` when appends kept it from some, which are
    /// the next sweep's.
    async fn collect(&self) -> Result<bool, Error> {
        let collected = collect::collect(&self.host.db).await.map_err(workflows::Error::from)?;
        tracing::debug!(rows = collected.rows, complete = collected.complete, "collected contents");
        Ok(collected.complete)
    }

    async fn workflow(&mut self, workflow: &Workflow, done: &mut Done) -> Result<(), Error> {
        let scope = self.host.db.read(|reader| scope(reader, workflow))?;
        self.runs(workflow.id, &scope).await?;
        self.versions(workflow.id, &scope).await?;
        self.empty_logs(workflow.id, done).await?;
        self.shorten_logs(workflow.id, done).await
    }

    async fn runs(&mut self, workflow: WorkflowId, scope: &Scope) -> Result<(), Error> {
        let mut newer = self.host.db.read(|reader| retain::count(reader, workflow))?;
        let mut after = None;
        while self.goes_on().await {
            let page = self.host.db.read(|reader| retain::page(reader, workflow, after, STEP))?;
            let facts = page.iter().map(|run| {
                newer = newer.saturating_sub(1);
                RunFact { id: run.id, ended_at: run.completed_at, newer }
            });
            let facts: Vec<_> = facts.collect();
            for run in decide::runs(self.policy, self.now, scope, &facts) {
                self.remove_run(run).await?;
            }
            match facts.last() {
                Some(last) if decide::run_is_over(self.policy, self.now, scope, last) => {
                    after = Some(last.id);
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// A run that has ended stays so, and newer ones only get more: what was decided of it holds.
    async fn remove_run(&mut self, run: RunId) -> Result<(), Error> {
        while self.goes_on().await {
            let (step, _) = self.host.db.write(|tx| retain::remove(tx, run, STEP)).await?;
            self.report.log_lines += step.lines;
            if step.done {
                self.report.runs += 1;
                break;
            }
        }
        Ok(())
    }

    async fn versions(&mut self, workflow: WorkflowId, scope: &Scope) -> Result<(), Error> {
        let mut query = Query::<Version>::all().prefix(&workflow).limit(STEP);
        while self.goes_on().await {
            let page = self.host.db.read(|reader| reader.list(&query))?;
            let facts: Vec<_> = page.iter().map(fact).collect();
            let doomed = decide::versions(self.policy, self.now, scope, &facts);
            self.remove_versions(workflow, scope, &doomed).await?;
            match facts.last() {
                Some(last) if decide::version_is_over(self.policy, self.now, scope, last) => {
                    query = Query::all().prefix(&workflow).after(&last.seq).limit(STEP);
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Decides again on what the transaction reads: one may have got a tag meanwhile. None of them can have been
    /// deployed meanwhile, because every run makes a version of its own.
    async fn remove_versions(
        &mut self,
        workflow: WorkflowId,
        scope: &Scope,
        doomed: &[u64],
    ) -> Result<(), Error> {
        let (policy, now) = (self.policy, self.now);
        let goes = |version: &Version| !decide::versions(policy, now, scope, &[fact(version)]).is_empty();
        let removed = self.host.db.write(|tx| table::remove(tx, workflow, doomed, goes));
        self.report.versions += removed.await.map_err(workflows::Error::from)?.0;
        Ok(())
    }

    /// Removes the log lines of runs that ended long ago.
    async fn empty_logs(&mut self, workflow: WorkflowId, done: &mut Done) -> Result<(), Error> {
        while self.policy.log_days > 0 && self.goes_on().await {
            let page = self.host.db.read(|reader| retain::page(reader, workflow, done.emptied, STEP))?;
            for run in &page {
                let old = run.completed_at.is_some_and(|at| decide::log_is_over(self.policy, self.now, at));
                if !old || !self.remove_lines(run.id, u64::MAX).await? {
                    return Ok(());
                }
                done.emptied = Some(run.id);
            }
            if page.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Cuts the logs of ended runs to their bytes.
    async fn shorten_logs(&mut self, workflow: WorkflowId, done: &mut Done) -> Result<(), Error> {
        while self.policy.log_bytes > 0 && self.goes_on().await {
            let after = done.measured.max(done.emptied);
            let page = self.host.db.read(|reader| retain::page(reader, workflow, after, STEP))?;
            for run in &page {
                if !run.status.ended() || !self.goes_on().await {
                    return Ok(());
                }
                let lines = self.host.db.read(|reader| retain::lines(reader, run.id))?;
                if let Some(upto) = decide::lines(self.policy, &lines)
                    && !self.remove_lines(run.id, upto).await?
                {
                    return Ok(());
                }
                done.measured = Some(run.id);
            }
            if page.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Whether all of them are gone.
    async fn remove_lines(&mut self, run: RunId, upto: u64) -> Result<bool, Error> {
        while self.goes_on().await {
            let (step, _) = self.host.db.write(|tx| retain::remove_lines(tx, run, upto, STEP)).await?;
            self.report.log_lines += step.lines;
            if step.done {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn events(&mut self, meter: &mut Meter) -> Result<(), Error> {
        let policy = self.policy;
        if policy.events == 0 && policy.event_days == 0 && policy.event_bytes == 0 {
            return Ok(());
        }
        let (mut trimmed, head, active) = self
            .host
            .db
            .read(|reader| Ok::<_, Error>((reader.trimmed(), reader.seq(), retain::active_since(reader)?)))?;
        while self.host.db.read(|reader| meter.read(reader))? {
            if !self.goes_on().await {
                return Ok(());
            }
        }
        // A run that began since then has its events after `head`.
        let upto = decide::events(policy, self.now, head, meter.log(), active).min(head);
        while trimmed < upto && self.goes_on().await {
            let next = Seq(trimmed.0.saturating_add(STEP as u64)).min(upto);
            let trim = self.host.db.write(|tx| {
                tx.trim(next);
                Ok::<_, Error>(())
            });
            trim.await?;
            self.report.events += next.0 - trimmed.0;
            trimmed = next;
        }
        Ok(())
    }

    /// Lets others run; `false` once the engine stops.
    async fn goes_on(&self) -> bool {
        tokio::task::yield_now().await;
        !*self.stop.borrow()
    }
}

fn fact(version: &Version) -> VersionFact {
    let marked = version.tag.is_some() || version.name.is_some();
    VersionFact { seq: version.seq, made_at: version.created_at, marked }
}

fn scope(reader: &Reader<'_>, workflow: &Workflow) -> Result<Scope, Error> {
    let newest = reader.first(Query::<Version>::all().prefix(&workflow.id).reverse())?;
    let last = retain::last(reader, workflow.id)?;
    let deployed = || last.newest.iter().chain(&last.completed);
    Ok(Scope {
        deleted_at: workflow.deleted_at,
        newest_version: newest.map_or(0, |version| version.seq),
        active_version: last.active.as_ref().map(|run| run.version),
        deployed: deployed().map(|run| run.version).collect(),
        last_runs: deployed().map(|run| run.id).collect(),
    })
}
