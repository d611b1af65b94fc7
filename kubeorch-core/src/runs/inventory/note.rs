//! Reading and writing the inventory.

use super::substance;
use super::table::{Tracked, place};
use crate::graph::Hash;
use crate::id::{RunId, WorkflowId};
use crate::manifest::{Key, Object};
use crate::runs::plan::Step;
use crate::store::{Error, Query, Reader, Tx};

/// An object as a run left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runs) struct AppliedStep {
    key: Key,
    uid: String,
    rank: i32,
    content: Hash,
    substance: Hash,
    retain: bool,
}

impl AppliedStep {
    /// From what was planned and what the server answered, or what the plan saw of an object that it leaves as it is.
    /// `None` for an object without a uid, which no API server answers.
    pub(in crate::runs) fn new(step: &Step, rank: i32, retain: bool, live: &Object) -> Option<Self> {
        Some(Self {
            key: step.object.key(),
            uid: live.uid().filter(|uid| !uid.is_empty())?.to_owned(),
            rank,
            content: step.content,
            substance: substance(live, &step.object),
            retain,
        })
    }
}

/// Notes in the caller's transaction what a run did for a node. What is noted so already is not written again.
pub(in crate::runs) fn note(
    tx: &mut Tx<'_>,
    (workflow, cluster): (WorkflowId, &str),
    (run, node): (RunId, &str),
    applied: &[AppliedStep],
) -> Result<(), Error> {
    for step in applied {
        let mut tracked = Tracked {
            workflow,
            cluster: cluster.to_owned(),
            key: step.key.clone(),
            uid: step.uid.clone(),
            node: node.to_owned(),
            rank: step.rank,
            content: step.content,
            substance: step.substance,
            run,
            at: tx.now(),
            retain: step.retain,
        };
        if let Some(before) = tx.get::<Tracked>(&place(workflow, cluster, &step.key))? {
            // An unchanged redeploy of 1,000 objects would else write 1,000 records that differ in run and time only.
            (tracked.run, tracked.at) = (before.run, before.at);
            if tracked == before {
                continue;
            }
            (tracked.run, tracked.at) = (run, tx.now());
        }
        tx.put(&tracked)?;
    }
    Ok(())
}

/// Forgets an object that is gone, or that is not the workflow's any more.
pub(in crate::runs) fn drop(
    tx: &mut Tx<'_>,
    workflow: WorkflowId,
    cluster: &str,
    key: &Key,
) -> Result<(), Error> {
    tx.remove::<Tracked>(&place(workflow, cluster, key)).map(|_| ())
}

/// Everything that runs of a workflow left on a cluster, by kind, namespace and name.
pub(in crate::runs) fn of(
    reader: &Reader<'_>,
    workflow: WorkflowId,
    cluster: &str,
) -> Result<Vec<Tracked>, Error> {
    reader.list(&Query::<Tracked>::all().prefix(&(workflow, cluster)))
}
