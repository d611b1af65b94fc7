//! The steps from a graph to what it becomes, each from what is known of last time.

use std::sync::Arc;

use super::bonds::{self, Bonds, Tie};
use super::catalogue::Catalogue;
use super::made::Made;
use super::model::{Prepared, PreparedNode};
use super::read::{Read, Reading};
use super::settle::Settled;
use super::{Cache, ask, read};
use crate::graph::Graph;
use crate::id::WorkflowId;
use crate::plugin::{Error, NodeTypes};

/// What a graph became, with what the next one can be told apart by.
pub(super) struct Past {
    catalogue: Arc<Catalogue>,
    /// Per node of the graph.
    reads: Vec<Arc<Read>>,
    bonds: Arc<Bonds>,
    /// Per node of known type, as the rest.
    made: Vec<Arc<Made>>,
    settled: Arc<Settled>,
    nodes: Vec<Arc<PreparedNode>>,
}

impl Cache {
    /// Validates and renders a graph; all findings at once.
    pub(in crate::runs) async fn prepare(
        &self,
        types: &dyn NodeTypes,
        graph: &Graph,
        workflow: WorkflowId,
    ) -> Result<Prepared, Error> {
        let last = self.get(workflow);
        let (past, prepared) = prepare(types, graph, workflow, last.as_deref()).await?;
        self.put(workflow, Arc::new(past));
        Ok(prepared)
    }
}

async fn prepare(
    types: &dyn NodeTypes,
    graph: &Graph,
    workflow: WorkflowId,
    last: Option<&Past>,
) -> Result<(Past, Prepared), Error> {
    let catalogue = Catalogue::now(types, last.map(|last| &last.catalogue));
    let same = last.filter(|last| Arc::ptr_eq(&last.catalogue, &catalogue));
    let old = last.map_or(&[][..], |last| &last.reads);
    let fresh = read::read(graph, &catalogue, same.is_some(), old);
    let reads = ask::facts(types, fresh, old).await?;
    let bonds = match same {
        Some(last) => last.bonds(graph, &reads),
        None => Arc::new(Bonds::new(graph, &reads, &catalogue.types, false)),
    };
    let (made, from) = made(types, workflow, &reads, &bonds, last).await?;
    let same = last.filter(|last| Arc::ptr_eq(&last.bonds, &bonds) && last.settles(&made, &from));
    let id = |place: usize| reads[bonds.known[place]].node.input.id.clone();
    let settled = match same {
        Some(last) => Arc::clone(&last.settled),
        None => Arc::new(Settled::new(&made, id)),
    };
    let nodes = nodes(&reads, &bonds, &made, &from, &settled, same);
    let reads = reads.into_iter().map(|reading| reading.node).collect();
    let past = Past { catalogue, reads, bonds, made, settled, nodes };
    let prepared = past.prepared();
    Ok((past, prepared))
}

impl Past {
    /// Bytes that it takes, about.
    pub(super) fn weight(&self) -> usize {
        let reads: usize = self.reads.iter().map(|read| read.weight).sum();
        let made: usize = self.made.iter().map(|made| made.weight).sum();
        reads + made + self.bonds.edges.len() * 256
    }

    fn bonds(&self, graph: &Graph, reads: &[Reading<Arc<Read>>]) -> Arc<Bonds> {
        let types = &self.catalogue.types;
        let sound = self.bonds.stay_sound(types, reads, &self.reads);
        if sound && self.bonds.hold(graph, reads, &self.reads) {
            Arc::clone(&self.bonds)
        } else {
            Arc::new(Bonds::new(graph, reads, types, sound))
        }
    }

    /// The rendering of a node, where it would be the same again.
    fn made(
        &self,
        at: usize,
        reads: &[Reading<Arc<Read>>],
        bonds: &Arc<Bonds>,
    ) -> Option<(usize, &Arc<Made>)> {
        let old = reads[at].old?;
        let place = (*self.bonds.places.get(old)?)?;
        let same = Arc::ptr_eq(self.reads.get(old)?, &reads[at].node) && {
            let (ties, old_ties) = (&bonds.ties[at], &self.bonds.ties[old]);
            let peer =
                |(new, old): (&Tie, &Tie)| tells_the_same(&reads[new.peer].node, &self.reads[old.peer]);
            let link = |(new, old): (&Tie, &Tie)| same_link((new, bonds), (old, &self.bonds));
            ties.len() == old_ties.len()
                && ties.iter().zip(old_ties).all(peer)
                && (Arc::ptr_eq(bonds, &self.bonds) || ties.iter().zip(old_ties).all(link))
        };
        same.then(|| self.made.get(place).map(|made| (place, made))).flatten()
    }

    /// Whether what is left out and what collides stays the same. The bonds are.
    fn settles(&self, made: &[Arc<Made>], from: &[Option<usize>]) -> bool {
        let changed = made.iter().zip(&self.made).zip(from).filter(|(_, from)| from.is_none());
        Settled::holds(changed.map(|((new, old), _)| (&**old, &**new)))
    }

    fn prepared(&self) -> Prepared {
        let mut findings = self.bonds.findings.clone();
        let mut notes = Vec::new();
        for made in &self.made {
            findings.extend(made.findings.iter().cloned());
            notes.extend(made.notes.iter().cloned());
        }
        findings.extend(self.settled.findings.iter().cloned());
        findings.sort_by(|a, b| (a.severity, &a.node, &a.field).cmp(&(b.severity, &b.node, &b.field)));
        findings.dedup();
        Prepared { nodes: self.nodes.clone(), findings, notes }
    }
}

/// Whether a neighbour hears the same of two nodes.
fn tells_the_same(one: &Arc<Read>, other: &Arc<Read>) -> bool {
    let types = || match (&one.info, &other.info) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    };
    Arc::ptr_eq(one, other)
        || (Arc::ptr_eq(&one.facts, &other.facts)
            && one.input.id == other.input.id
            && one.input.kind == other.input.kind
            && types())
}

fn same_link((one, bonds): (&Tie, &Bonds), (other, other_bonds): (&Tie, &Bonds)) -> bool {
    let edges = match (one.edge, other.edge) {
        (Some(one), Some(other)) => bonds::identical(&bonds.edges[one], &other_bonds.edges[other]),
        (None, None) => true,
        _ => false,
    };
    edges
        && (one.direction, &one.role, one.declared_here)
            == (other.direction, &other.role, other.declared_here)
}

/// Renderings of all nodes of known type; beside each the place of last time that it is from, `None` of one that was
/// made anew.
async fn made(
    types: &dyn NodeTypes,
    workflow: WorkflowId,
    reads: &[Reading<Arc<Read>>],
    bonds: &Arc<Bonds>,
    last: Option<&Past>,
) -> Result<(Vec<Arc<Made>>, Vec<Option<usize>>), Error> {
    let known = bonds.known.iter();
    let old: Vec<_> = known.map(|at| last.and_then(|last| last.made(*at, reads, bonds))).collect();
    let asked = bonds.known.iter().zip(&old).filter(|(_, old)| old.is_none());
    let requests: Vec<_> = asked.map(|(at, _)| ask::request(*at, reads, bonds)).collect();
    let answers = ask::answers(types, &requests).await?;
    let mut fresh = answers.into_iter().zip(requests).map(|((findings, rendered), request)| {
        Arc::new(Made::new(findings, &rendered, workflow, &request.node.id))
    });
    let mut all = Vec::with_capacity(old.len());
    let mut from = Vec::with_capacity(old.len());
    for old in old {
        from.push(old.map(|(place, _)| place));
        all.extend(old.map(|(_, made)| Arc::clone(made)).or_else(|| fresh.next()));
    }
    Ok((all, from))
}

/// The nodes in the order of the graph; `same` is what had the same bonds and settled the same.
fn nodes(
    reads: &[Reading<Arc<Read>>],
    bonds: &Bonds,
    made: &[Arc<Made>],
    from: &[Option<usize>],
    settled: &Settled,
    same: Option<&Past>,
) -> Vec<Arc<PreparedNode>> {
    let node = |(place, at): (usize, &usize)| {
        let old = same.and_then(|last| last.nodes.get(from[place]?));
        if let Some(old) = old {
            return Some(Arc::clone(old));
        }
        let (read, made) = (&reads[*at].node, &made[place]);
        Some(Arc::new(PreparedNode {
            input: Arc::clone(&read.input),
            info: Arc::clone(read.info.as_ref()?),
            after: bonds.after[place].clone(),
            linked: bonds.ties[*at].iter().any(|tie| tie.role.is_some()),
            objects: settled.objects(place, made),
            observe: Arc::clone(&made.observe),
        }))
    };
    bonds.known.iter().enumerate().filter_map(node).collect()
}
