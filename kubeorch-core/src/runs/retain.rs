//! What retention needs of runs: facts to decide by, and removal in bounded steps.

use super::Error;
use super::model::{Run, Status};
#[cfg(test)]
use super::record::Recorder;
use super::table::{BY_WORKFLOW, LogLine, PlanRow, RUNNING, RunNode};
use crate::id::{RunId, WorkflowId};
use crate::store::{Query, Reader, Tx};
use crate::time::Time;

/// The runs of a workflow that say what is deployed.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// The newest.
    pub(crate) newest: Option<Run>,
    /// The newest that completed.
    pub(crate) completed: Option<Run>,
    /// The one that has not ended.
    pub(crate) active: Option<Run>,
}

/// What one step removed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Step {
    /// Log lines.
    pub(crate) lines: u64,
    /// Whether nothing is left to remove.
    pub(crate) done: bool,
}

/// When the oldest active run of the store began.
pub(crate) fn active_since(reader: &Reader<'_>) -> Result<Option<Time>, Error> {
    let active = reader.list(&Query::by(RUNNING))?;
    Ok(active.iter().map(|run| run.started_at).min())
}

/// See [`Last`].
pub(crate) fn last(reader: &Reader<'_>, workflow: WorkflowId) -> Result<Last, Error> {
    let mut last = Last { active: super::table::active(reader, workflow)?, ..Last::default() };
    reader.each(&Query::by(BY_WORKFLOW).prefix(&workflow).reverse(), |run: Run| {
        let completed = run.status == Status::Completed;
        if last.newest.is_none() {
            last.newest = Some(run.clone());
        }
        last.completed = completed.then_some(run);
        Ok::<_, Error>(!completed)
    })?;
    Ok(last)
}

/// How many runs a workflow has.
pub(crate) fn count(reader: &Reader<'_>, workflow: WorkflowId) -> Result<u64, Error> {
    Ok(reader.count(&Query::by(BY_WORKFLOW).prefix(&workflow))? as u64)
}

/// A window on the runs of a workflow, oldest first, without nodes and logs.
pub(crate) fn page(
    reader: &Reader<'_>,
    workflow: WorkflowId,
    after: Option<RunId>,
    limit: usize,
) -> Result<Vec<Run>, Error> {
    let all = Query::by(BY_WORKFLOW).prefix(&workflow);
    let rest = match after {
        Some(after) => all.after(&after),
        None => all,
    };
    Ok(reader.list(&rest.limit(limit))?)
}

/// The numbers and sizes in bytes of a run's log lines, oldest first.
pub(crate) fn lines(reader: &Reader<'_>, run: RunId) -> Result<Vec<(u64, u64)>, Error> {
    let mut sizes = Vec::new();
    reader.each(&Query::<LogLine>::all().prefix(&run), |line: LogLine| {
        sizes.push((line.number, line.text.len() as u64));
        Ok::<_, Error>(true)
    })?;
    Ok(sizes)
}

/// Removes log lines of a run that has ended, the oldest first, up to a number; at most `limit` of them.
pub(crate) fn remove_lines(tx: &mut Tx<'_>, run: RunId, upto: u64, limit: usize) -> Result<Step, Error> {
    let Some(mut record) = tx.get::<Run>(&run)?.filter(|run| run.status.ended()) else {
        return Ok(Step { lines: 0, done: true });
    };
    let query = Query::<LogLine>::all().prefix(&run).until(&upto.saturating_add(1)).limit(limit);
    let lines = tx.list(&query)?;
    for line in &lines {
        tx.remove::<LogLine>(&(run, line.number))?;
    }
    if let (Some(kept), Some(last)) = (&mut record.kept, lines.last()) {
        kept.first_line = last.number + 1;
        tx.put(&record)?;
    }
    Ok(Step { lines: lines.len() as u64, done: lines.len() < limit })
}

/// Removes a run that has ended with everything that belongs to it, at most `limit` rows; the record goes last,
/// so nothing is ever left without a run.
pub(crate) fn remove(tx: &mut Tx<'_>, run: RunId, limit: usize) -> Result<Step, Error> {
    let step = remove_lines(tx, run, u64::MAX, limit)?;
    if !step.done {
        return Ok(step);
    }
    let Some(mut record) = tx.get::<Run>(&run)?.filter(|run| run.status.ended()) else { return Ok(step) };
    let room = limit - usize::try_from(step.lines).unwrap_or(limit);
    let nodes = tx.list(&Query::<RunNode>::all().prefix(&run).limit(room))?;
    for node in &nodes {
        tx.remove::<RunNode>(&(run, node.node.clone()))?;
    }
    let room = room - nodes.len();
    let rows = tx.list(&Query::<PlanRow>::all().prefix(&run).limit(room))?;
    for row in &rows {
        tx.remove::<PlanRow>(&(run, row.number))?;
    }
    if rows.len() < room {
        tx.remove::<Run>(&run)?;
        return Ok(step);
    }
    if let Some(kept) = &mut record.kept {
        kept.nodes = kept.nodes.saturating_sub(nodes.len() as u64);
        tx.put(&record)?;
    }
    Ok(Step { done: false, ..step })
}

/// Writes log lines as a run does.
#[cfg(test)]
pub(crate) async fn write_log(host: &crate::engine::Host, run: &Run, lines: usize) {
    let name = super::hold::name(run.id);
    let lease = host.db.lease(&name, "test", super::hold::TTL).await.unwrap().unwrap();
    let recorder = Recorder::new(host.clone(), run, lease, 0);
    for line in 0..lines {
        recorder.log(format!("line {line}")).await.unwrap();
    }
}
