//! Which records this domain keeps, and what they must say of each other.

use super::model::{NodeStatus, Workflow, WorkingCopy};
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema};

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Workflow>().with::<WorkingCopy>().with::<NodeStatus>().also(parts)
}

/// Working copies and live states are parts of a workflow; a workflow that is not deleted has its graph.
fn parts(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    reader.each(&Query::<Workflow>::all(), |workflow| {
        if workflow.deleted_at.is_none() {
            let copy = reader.get::<WorkingCopy>(&workflow.id)?.map(|copy| copy.graph.nodes.len());
            if copy != Some(workflow.node_count) {
                let what = format!("{}: {} nodes, its graph has {copy:?}", workflow.id, workflow.node_count);
                faults.add(Workflow::TABLE.0, what);
            }
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
    })
}
