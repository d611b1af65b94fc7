//! The inventory in the store.

use serde::{Deserialize, Serialize};

use crate::graph::Hash;
use crate::id::{RunId, WorkflowId};
use crate::manifest::{Key, Kind};
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Table, rule};
use crate::time::Time;
use crate::workflows::Workflow;

/// An object that a run applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::runs) struct Tracked {
    pub(in crate::runs) workflow: WorkflowId,
    /// The cluster's name.
    pub(in crate::runs) cluster: String,
    pub(in crate::runs) key: Key,
    /// The server's id of it.
    pub(in crate::runs) uid: String,
    /// The node that it came from.
    pub(in crate::runs) node: String,
    /// The place of the node's type in the apply order.
    pub(in crate::runs) rank: i32,
    /// See [`Step::content`](crate::runs::plan::Step).
    pub(in crate::runs) content: Hash,
    /// See [`substance`](fn@super::substance).
    pub(in crate::runs) substance: Hash,
    /// The run that applied it last.
    pub(in crate::runs) run: RunId,
    /// When.
    pub(in crate::runs) at: Time,
    /// Its node said that it is never pruned.
    pub(in crate::runs) retain: bool,
}

/// Workflow, cluster, kind and group, namespace, name.
pub(in crate::runs) type Place = (WorkflowId, String, String, String, String);

/// Where an object of a workflow on a cluster is. Two versions of one kind are the same object.
pub(super) fn place(workflow: WorkflowId, cluster: &str, key: &Key) -> Place {
    let kind = kind_name(&key.kind);
    (workflow, cluster.to_owned(), kind, key.namespace.clone().unwrap_or_default(), key.name.clone())
}

/// `Deployment.apps`
fn kind_name(kind: &Kind) -> String {
    format!("{}.{}", kind.kind, kind.group())
}

impl Record for Tracked {
    const TABLE: Table = Table("run_inventory");
    type Key = Place;

    fn key(&self) -> Place {
        place(self.workflow, &self.cluster, &self.key)
    }

    fn check(&self) -> Result<(), String> {
        rule(!self.uid.is_empty(), "it has no uid")?;
        rule(!self.node.is_empty(), "it comes from no node")
    }
}

/// What is tracked belongs to a workflow that is there. The run may be gone: retention takes runs whose objects stay.
pub(in crate::runs) fn parts(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    // The parts of a workflow follow each other: it is looked up once.
    let mut last = None;
    reader.each(&Query::<Tracked>::all(), |tracked| {
        let workflow = tracked.workflow;
        if last.replace(workflow) != Some(workflow) && !reader.contains::<Workflow>(&workflow)? {
            faults.add(Tracked::TABLE.0, format!("{}: its workflow {workflow} is missing", tracked.key));
        }
        Ok::<_, Error>(!faults.full())
    })
}
