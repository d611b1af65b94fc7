//! What a change does to a workflow and its working copy.

use super::model::{Change, Save, Status, WorkingCopy};
use super::{Error, Workflow};
use crate::engine::Host;
use crate::graph::{self, Graph, Limits, Types};
use crate::store::Tx;

/// Members of node data that the engine writes; a client's copy of them is stale by nature.
pub(super) const RUNTIME: [&str; 2] = ["_status", "_secretCreated"];

/// What could not be stored or drawn again, whatever the nodes mean.
const BOUNDS: [&str; 9] = [
    "graph.too_many_nodes",
    "graph.too_many_edges",
    "node.id_missing",
    "node.id_too_long",
    "node.id_invalid",
    "node.id_duplicate",
    "node.position_invalid",
    "node.data_too_large",
    "node.data_too_deep",
];

/// Refuses a change made against an older revision.
pub(super) fn check_revision(workflow: &Workflow, seen: Option<u64>) -> Result<(), Error> {
    match seen {
        Some(seen) if seen != workflow.revision => Err(Error::Conflict { current: workflow.revision }),
        _ => Ok(()),
    }
}

/// Cleans a client's graph: blanks around names are cut, runtime members are dropped, and what could not
/// be stored or drawn again is refused. Meaning is checked later: a draft may be incomplete.
pub(super) fn accept(mut graph: Graph) -> Result<Graph, Error> {
    // The cut to a number of findings comes after the choice, or harmless ones could hide the rest.
    let limits = Limits { findings: usize::MAX, ..Limits::default() };
    let mut findings = graph::validate(&graph, &Types::default(), &limits);
    findings.retain(|finding| finding.is_error() && BOUNDS.contains(&finding.code.as_str()));
    findings.truncate(Limits::default().findings);
    if !findings.is_empty() {
        return Err(Error::Graph(findings));
    }
    graph.trim();
    for node in &mut graph.nodes {
        for member in RUNTIME {
            node.data.shift_remove(member);
        }
    }
    Ok(graph)
}

/// Stores a graph as the working copy and raises the revision.
pub(super) fn store(
    tx: &mut Tx<'_>,
    host: &Host,
    workflow: &mut Workflow,
    graph: Graph,
) -> Result<(), Error> {
    workflow.node_count = graph.nodes.len();
    touch(host, workflow);
    tx.put(&WorkingCopy { workflow: workflow.id, graph })?;
    Ok(())
}

/// Marks a change.
pub(super) fn touch(host: &Host, workflow: &mut Workflow) {
    workflow.revision += 1;
    workflow.updated_at = host.ids.now();
}

/// A save is a change of both halves of the graph.
pub(super) fn from_save(save: Save) -> Change {
    Change {
        nodes: Some(save.nodes),
        edges: Some(save.edges),
        description: save.description,
        revision: save.revision,
        ..Change::default()
    }
}

/// Whether a change asks for anything.
pub(super) fn is_empty(change: &Change) -> bool {
    *change == Change { revision: change.revision, ..Change::default() }
}

/// Applies everything but the graph.
pub(super) fn describe(workflow: &mut Workflow, change: &Change) -> Result<(), Error> {
    if let Some(name) = &change.name {
        workflow.name = check_name(name)?;
    }
    if let Some(description) = &change.description {
        workflow.description.clone_from(description);
    }
    if let Some(tags) = &change.tags {
        workflow.tags.clone_from(tags);
    }
    if let Some(status) = change.status {
        workflow.status = status;
    }
    Ok(())
}

/// A name is any text that is not blank, up to 200 characters.
pub(super) fn check_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::Invalid("Invalid request data".into()));
    }
    Ok(name.to_owned())
}

/// Whether a change retires the workflow.
pub(super) fn archives(workflow: &Workflow, change: &Change) -> bool {
    change.status == Some(Status::Archived) && workflow.status != Status::Archived
}
