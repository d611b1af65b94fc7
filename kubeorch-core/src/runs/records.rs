//! Which records this domain keeps, and what they must say of each other.

use super::inventory::{self, Tracked};
use super::model::{Kept, Run};
use super::table::{LogLine, PlanRow, RunNode};
use crate::id::RunId;
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema};
use crate::versions::Version;
use crate::workflows::Workflow;

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema
        .with::<Run>()
        .with::<RunNode>()
        .with::<LogLine>()
        .with::<PlanRow>()
        .with::<Tracked>()
        .also(owners)
        .also(parts)
        .also(inventory::parts)
}

/// A run's workflow is there and has reached the run's version. The version itself may be gone: retention takes versions
/// whose runs it keeps.
fn owners(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    reader.each(&Query::<Run>::all(), |run| {
        match reader.get::<Workflow>(&run.workflow)? {
            Some(workflow) if workflow.current_version >= run.version => {}
            Some(_) => faults.add(Run::TABLE.0, format!("{}: its version was never made", run.id)),
            None => faults.add(Run::TABLE.0, format!("{}: its workflow is missing", run.id)),
        }
        if !run.status.ended() && !reader.contains::<Version>(&(run.workflow, run.version))? {
            faults.add(Run::TABLE.0, format!("{}: the version that it executes is missing", run.id));
        }
        Ok::<_, Error>(!faults.full())
    })
}

/// Nodes, log lines and the plan are parts of a run, and one that counted them has them all.
fn parts(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    owned::<RunNode>(reader, faults, |node| node.run)?;
    owned::<LogLine>(reader, faults, |line| line.run)?;
    owned::<PlanRow>(reader, faults, |row| row.run)?;
    reader.each(&Query::<Run>::all(), |run| {
        if let Some(kept) = run.kept {
            counted(reader, faults, run.id, kept)?;
        }
        Ok::<_, Error>(!faults.full())
    })
}

fn counted(reader: &Reader<'_>, faults: &mut Faults, run: RunId, kept: Kept) -> Result<(), Error> {
    let nodes = reader.count(&Query::<RunNode>::all().prefix(&run))? as u64;
    if nodes != kept.nodes {
        faults.add(RunNode::TABLE.0, format!("{run}: {nodes} nodes, the run counted {}", kept.nodes));
    }
    let Kept { first_line, end_line, .. } = kept;
    let all = Query::<LogLine>::all().prefix(&run);
    let lines = reader.count(&all)? as u64;
    let within = reader.count(&all.from(&first_line).until(&end_line))? as u64;
    if lines != within || lines != end_line.saturating_sub(first_line) {
        let what = format!("{run}: {lines} lines, the run counted those from {first_line} to {end_line}");
        faults.add(LogLine::TABLE.0, what);
    }
    Ok(())
}

fn owned<T: Record>(
    reader: &Reader<'_>,
    faults: &mut Faults,
    run: impl Fn(&T) -> RunId,
) -> Result<(), Error> {
    // The parts of a run follow each other: it is looked up once.
    let mut last = None;
    reader.each(&Query::<T>::all(), |part| {
        let run = run(&part);
        if last.replace(run) != Some(run) && !reader.contains::<Run>(&run)? {
            faults.add(T::TABLE.0, format!("{run}: the run is missing"));
        }
        Ok::<_, Error>(!faults.full())
    })
}
