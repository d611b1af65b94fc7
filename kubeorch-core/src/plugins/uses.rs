//! Who needs a plugin: graphs as they are drawn, and what runs have deployed.

use std::collections::BTreeSet;

use super::{Error, Release, Use};
use crate::graph::Graph;
use crate::store::{self, Query, Reader};
use crate::workflows::{self, Workflow};
use crate::{runs, versions};

/// The most uses that are looked for: enough to know that there is work to do.
const MAX_USES: usize = 100;

/// Uses of any of the releases' node types. Walks all workflows, for an admin's rare question.
pub(super) fn of(reader: &Reader<'_>, releases: &[&Release]) -> Result<Vec<Use>, Error> {
    let mut uses = Vec::new();
    reader.each(&Query::<Workflow>::all(), |workflow| {
        if workflow.deleted_at.is_some() {
            return Ok(true);
        }
        let drawn = workflows::table::graph(reader, workflow.id).map_err(|error| match error {
            workflows::Error::Store(error) => Error::Store(error),
            other => damaged(other),
        })?;
        note(&mut uses, &workflow, false, used(&drawn, releases));
        if workflow.status != workflows::Status::Archived {
            let mut found = BTreeSet::new();
            for version in deployed(reader, &workflow)? {
                match versions::table::find(reader, workflow.id, version) {
                    Ok(full) => found.extend(used(&full.graph, releases)),
                    // Retention may have taken it.
                    Err(versions::Error::NotFound) => {}
                    Err(versions::Error::Store(error)) => return Err(error.into()),
                    Err(error) => return Err(damaged(error)),
                }
            }
            note(&mut uses, &workflow, true, found);
        }
        Ok::<_, Error>(uses.len() < MAX_USES)
    })?;
    Ok(uses)
}

fn note(uses: &mut Vec<Use>, workflow: &Workflow, deployed: bool, found: BTreeSet<String>) {
    if !found.is_empty() {
        let (name, node_types) = (workflow.name.clone(), found.into_iter().collect());
        uses.push(Use { workflow: workflow.id, name, deployed, node_types });
    }
}

/// The versions whose objects may be in a cluster: of the last run that completed, and of a later one.
fn deployed(reader: &Reader<'_>, workflow: &Workflow) -> Result<BTreeSet<u64>, Error> {
    let last = runs::retain::last(reader, workflow.id).map_err(|error| match error {
        runs::Error::Store(error) => Error::Store(error),
        other => damaged(other),
    })?;
    Ok([last.newest, last.completed, last.active].into_iter().flatten().map(|run| run.version).collect())
}

/// The node types of the releases that a graph uses.
fn used(graph: &Graph, releases: &[&Release]) -> BTreeSet<String> {
    let brought = |name: &str| releases.iter().any(|release| release.node_types.iter().any(|it| it == name));
    let mut found = BTreeSet::new();
    for node in &graph.nodes {
        let aliases = releases.iter().flat_map(|release| &release.aliases).filter(|it| it.kind == node.kind);
        let named = aliases.filter_map(|alias| node.data.get(&alias.member)?.as_str());
        let names = std::iter::once(node.kind.as_str()).chain(named);
        found.extend(names.filter(|name| brought(name)).map(str::to_owned));
    }
    found
}

fn damaged(error: impl Into<crate::Error>) -> Error {
    let what = "a workflow".to_owned();
    Error::Store(store::Error::Damaged { what, reason: error.into().log() })
}
