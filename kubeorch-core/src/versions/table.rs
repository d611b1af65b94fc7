//! Reading and appending versions inside a transaction of the caller.

use super::epoch::Epoch;
use super::load::{self, Loader};
use super::model::{Full, Label, Version};
use super::removed::Removed;
use super::{Comparison, Error, content};
use crate::engine::Host;
use crate::graph::Graph;
use crate::id::{RunId, UserId, WorkflowId};
use crate::page::{Page, Paged};
use crate::store::{self, Query, Reader, Tx};

/// Where a new version comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) author: Option<UserId>,
    pub(crate) automatic: bool,
    pub(crate) restored_from: Option<u64>,
    pub(crate) run: Option<RunId>,
}

/// Appends a snapshot of the graph with the next number. Two transactions that append at once both read the
/// newest record, so one of them is repeated and numbers never collide.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    host: &Host,
    workflow: WorkflowId,
    graph: &Graph,
    label: Label,
    origin: Origin,
) -> Result<Version, Error> {
    let graph = graph.snapshot();
    let hash = graph.snapshot_hash();
    let seq = newest(tx, workflow)?.map_or(0, |version| version.seq) + 1;
    let version = Version {
        id: host.ids.next(),
        workflow,
        seq,
        content: hash,
        node_count: graph.nodes.len(),
        name: label.name.filter(|text| !text.is_empty()),
        tag: label.tag.filter(|text| !text.is_empty()),
        description: label.description.unwrap_or_default(),
        author: origin.author,
        automatic: origin.automatic,
        restored_from: origin.restored_from,
        run: origin.run,
        run_status: None,
        created_at: host.ids.now(),
    };
    content::store(tx, hash, &graph)?;
    tx.overwrite(&Epoch::appended(version.id))?;
    tx.insert(&version)?;
    Ok(version)
}

/// The newest version.
pub(crate) fn newest(tx: &mut Tx<'_>, workflow: WorkflowId) -> Result<Option<Version>, Error> {
    Ok(tx.first(Query::<Version>::all().prefix(&workflow).reverse())?)
}

/// Removes those of the versions for which `goes` still says so, and answers how many; they are counted, and their
/// contents stay until a [collection](super::collect). While more are to be appended the newest must not be among
/// them: numbers continue from it.
pub(crate) fn remove(
    tx: &mut Tx<'_>,
    workflow: WorkflowId,
    doomed: &[u64],
    goes: impl Fn(&Version) -> bool,
) -> Result<u64, Error> {
    let mut count = 0;
    for &seq in doomed {
        if tx.get::<Version>(&(workflow, seq))?.is_some_and(|version| goes(&version)) {
            tx.remove::<Version>(&(workflow, seq))?;
            count += 1;
        }
    }
    if count > 0 {
        let before = removed(tx, workflow)?;
        tx.put(&Removed { workflow, count: before + count })?;
    }
    Ok(count)
}

/// How many versions of a workflow were removed.
pub(crate) fn removed(reader: &Reader<'_>, workflow: WorkflowId) -> Result<u64, store::Error> {
    Ok(reader.get::<Removed>(&workflow)?.map_or(0, |removed| removed.count))
}

/// One version with its graph.
pub(crate) fn find(reader: &Reader<'_>, workflow: WorkflowId, seq: u64) -> Result<Full, Error> {
    let version = reader.get::<Version>(&(workflow, seq))?.ok_or(Error::NotFound)?;
    Ok(Full { graph: load::graph(reader, version.content)?, version })
}

/// A window, newest first, with graphs.
pub(crate) fn list(reader: &Reader<'_>, workflow: WorkflowId, page: Page) -> Result<Paged<Full>, Error> {
    let Paged { items, total } = reader.paged(Query::<Version>::all().prefix(&workflow).reverse(), page)?;
    let mut loader = Loader::new(reader);
    let full = |version: Version| Ok(Full { graph: loader.graph(version.content)?, version });
    Ok(Paged { items: items.into_iter().map(full).collect::<Result<_, Error>>()?, total })
}

/// Edits what may be edited; `None` leaves a member, an empty text clears it.
pub(crate) fn edit(tx: &mut Tx<'_>, workflow: WorkflowId, seq: u64, label: &Label) -> Result<Version, Error> {
    let mut version = tx.get::<Version>(&(workflow, seq))?.ok_or(Error::NotFound)?;
    let set = |member: &mut Option<String>, new: &Option<String>| {
        if let Some(text) = new {
            *member = Some(text.clone()).filter(|text| !text.is_empty());
        }
    };
    set(&mut version.name, &label.name);
    set(&mut version.tag, &label.tag);
    if let Some(text) = &label.description {
        version.description.clone_from(text);
    }
    tx.put(&version)?;
    Ok(version)
}

/// Notes how the run of a version ended.
pub(crate) fn set_run(
    tx: &mut Tx<'_>,
    workflow: WorkflowId,
    seq: u64,
    run: RunId,
    status: &str,
) -> Result<(), Error> {
    if let Some(mut version) = tx.get::<Version>(&(workflow, seq))? {
        version.run = Some(run);
        version.run_status = Some(status.to_owned());
        tx.put(&version)?;
    }
    Ok(())
}

/// What changed between two versions.
pub(crate) fn compare(
    reader: &Reader<'_>,
    workflow: WorkflowId,
    from: u64,
    to: u64,
) -> Result<Comparison, Error> {
    let mut loader = Loader::new(reader);
    let mut side = |seq| {
        let version = reader.get::<Version>(&(workflow, seq))?.ok_or(Error::PairNotFound)?;
        Ok::<_, Error>(Full { graph: loader.graph(version.content)?, version })
    };
    Ok(Comparison::new(side(from)?, side(to)?))
}
