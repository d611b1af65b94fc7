//! Reading workflows inside a snapshot or transaction of the caller, with the policy asked.

use serde_json::Value;

use super::drift::Drift;
use super::model::{BY_OWNER, Full, NodeStatus, WorkingCopy};
use super::{Error, Workflow};
use crate::actor::{Action, Actor, Subject, allow};
use crate::graph::Graph;
use crate::id::{UserId, WorkflowId};
use crate::store::{Query, Reader, Tx};

/// A workflow that the caller may act on; unknown, deleted and foreign ones look the same.
pub(crate) fn open(
    reader: &Reader<'_>,
    actor: &Actor,
    action: Action,
    id: WorkflowId,
) -> Result<Workflow, Error> {
    permit(reader.get::<Workflow>(&id)?, actor, action)
}

/// The same inside a transaction.
pub(crate) fn open_for_change(tx: &mut Tx<'_>, actor: &Actor, id: WorkflowId) -> Result<Workflow, Error> {
    permit(tx.get::<Workflow>(&id)?, actor, Action::Write)
}

fn permit(found: Option<Workflow>, actor: &Actor, action: Action) -> Result<Workflow, Error> {
    let found = found.filter(|workflow| workflow.deleted_at.is_none());
    match found {
        Some(workflow) => {
            allow(actor, action, Subject::Owned(workflow.owner))?;
            Ok(workflow)
        }
        None if *actor == Actor::Anonymous => Err(crate::actor::Denied::Anonymous.into()),
        None => Err(Error::NotFound),
    }
}

/// The working copy.
pub(crate) fn graph(reader: &Reader<'_>, id: WorkflowId) -> Result<Graph, Error> {
    Ok(reader.get::<WorkingCopy>(&id)?.map(|copy| copy.graph).unwrap_or_default())
}

/// A workflow with its graph and the nodes' live state.
pub(crate) fn full(reader: &Reader<'_>, workflow: Workflow) -> Result<Full, Error> {
    let mut graph = graph(reader, workflow.id)?;
    let states = reader.list(&Query::<NodeStatus>::all().prefix(&workflow.id))?;
    for state in states {
        if let Some(node) = graph.nodes.iter_mut().find(|node| node.id == state.node) {
            node.data.insert("_status".into(), Value::Object(state.status));
        }
    }
    let drift = reader.get::<Drift>(&workflow.id)?.map(|drift| drift.objects).unwrap_or_default();
    Ok(Full { workflow, graph, drift })
}

/// An account's workflows, newest change first.
pub(crate) fn of_owner(reader: &Reader<'_>, owner: UserId) -> Result<Vec<Workflow>, Error> {
    Ok(reader.list(&Query::by(BY_OWNER).prefix(&owner).reverse())?)
}
