//! Which records this domain keeps, and what they must say of each other.

use super::drift::Drift;
use super::model::{NodeStatus, Workflow, WorkingCopy};
use crate::projects::Project;
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema};
use crate::users::User;
use crate::versions::{self, Removed, Version};

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema
        .with::<Workflow>()
        .with::<WorkingCopy>()
        .with::<NodeStatus>()
        .with::<Drift>()
        .also(owners)
        .also(parts)
        .also(numbers)
}

/// A workflow's account and project are there, and the project is the account's; so are the authors of its versions.
fn owners(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    let local = super::service::local();
    reader.each(&Query::<Workflow>::all(), |workflow| {
        if (workflow.owner, workflow.project) == local {
            return Ok(true);
        }
        if !reader.contains::<User>(&workflow.owner)? {
            faults.add(Workflow::TABLE.0, format!("{}: its account is missing", workflow.id));
        }
        match reader.get::<Project>(&workflow.project)? {
            Some(project) if project.owner == workflow.owner => {}
            Some(_) => faults.add(Workflow::TABLE.0, format!("{}: its project is another's", workflow.id)),
            None => faults.add(Workflow::TABLE.0, format!("{}: its project is missing", workflow.id)),
        }
        Ok::<_, Error>(!faults.full())
    })?;
    // Versions of a workflow follow each other, most by one author: whoever wrote the last one is known.
    let mut known = None;
    reader.each(&Query::<Version>::all(), |version| {
        if known != version.author
            && let Some(author) = version.author
            && !reader.contains::<User>(&author)?
        {
            let what =
                format!("version {} of workflow {}: its author is missing", version.seq, version.workflow);
            faults.add(Version::TABLE.0, what);
        }
        known = version.author;
        Ok::<_, Error>(!faults.full())
    })
}

/// Of every workflow each version that was made is there or was removed. The newest is only removed with a deleted
/// workflow, so numbers are never given twice.
fn numbers(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    reader.each(&Query::<Workflow>::all(), |workflow| {
        let (id, current) = (workflow.id, workflow.current_version);
        let all = Query::<Version>::all().prefix(&id);
        let kept = reader.count(&all)? as u64;
        let removed = versions::table::removed(reader, id)?;
        if kept.checked_add(removed) != Some(current) {
            let what = format!("{id}: of {current} versions {kept} are there and {removed} were removed");
            faults.add(Version::TABLE.0, what);
        }
        let newest = reader.first(all.reverse())?.map(|version| version.seq);
        if newest.is_some_and(|seq| seq > current)
            || (newest != Some(current) && workflow.deleted_at.is_none())
        {
            faults.add(
                Version::TABLE.0,
                format!("{id}: the newest is {newest:?}, the workflow says {current}"),
            );
        }
        Ok::<_, Error>(!faults.full())
    })?;
    let mut last = None;
    reader.each(&Query::<Version>::all(), |version| {
        if last.replace(version.workflow) != Some(version.workflow)
            && !reader.contains::<Workflow>(&version.workflow)?
        {
            faults.add(Version::TABLE.0, format!("{}: the workflow is missing", version.workflow));
        }
        Ok::<_, Error>(!faults.full())
    })?;
    reader.each(&Query::<Removed>::all(), |removed| {
        if !reader.contains::<Workflow>(&removed.workflow)? {
            faults.add(Removed::TABLE.0, format!("{}: the workflow is missing", removed.workflow));
        }
        Ok::<_, Error>(!faults.full())
    })
}

/// Working copies and live states are parts of a workflow; a workflow has its graph, also once it is deleted.
fn parts(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    reader.each(&Query::<Workflow>::all(), |workflow| {
        let copy = reader.get::<WorkingCopy>(&workflow.id)?.map(|copy| copy.graph.nodes.len());
        if copy != Some(workflow.node_count) {
            let what = format!("{}: {} nodes, its graph has {copy:?}", workflow.id, workflow.node_count);
            faults.add(Workflow::TABLE.0, what);
        }
        Ok::<_, Error>(!faults.full())
    })?;
    reader.each(&Query::<WorkingCopy>::all(), |copy| {
        if !reader.contains::<Workflow>(&copy.workflow)? {
            faults.add(WorkingCopy::TABLE.0, format!("{}: its workflow is missing", copy.workflow));
        }
        Ok::<_, Error>(!faults.full())
    })?;
    reader.each(&Query::<NodeStatus>::all(), |status| {
        if !reader.contains::<Workflow>(&status.workflow)? {
            faults.add(NodeStatus::TABLE.0, format!("{}: its workflow is missing", status.workflow));
        }
        Ok::<_, Error>(!faults.full())
    })?;
    reader.each(&Query::<Drift>::all(), |drift| {
        if !reader.contains::<Workflow>(&drift.workflow)? {
            faults.add(Drift::TABLE.0, format!("{}: its workflow is missing", drift.workflow));
        }
        Ok::<_, Error>(!faults.full())
    })
}
