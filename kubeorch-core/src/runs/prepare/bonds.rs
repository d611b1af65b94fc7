//! How the nodes of a graph hang together: its findings, links and order. Data takes part only through references, so
//! most edits leave all of it as it was.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Map;

use super::read::{Read, Reading, members};
use crate::error::Finding;
use crate::graph::{self, Direction, Edge, Graph, Limits, Links, Node, Order, Position, Types};

/// A link, as one of its nodes sees it.
pub(super) struct Tie {
    /// Where the other node is in the graph. Its type is known.
    pub(super) peer: usize,
    /// Where the edge is in the graph, unless the link is a reference.
    pub(super) edge: Option<usize>,
    pub(super) direction: Direction,
    pub(super) role: Option<Arc<str>>,
    /// Whether the type of this node declares the role.
    pub(super) declared_here: bool,
}

/// See the module.
pub(super) struct Bonds {
    pub(super) edges: Vec<Edge>,
    /// Per node of the graph, sorted by the peer's id, then the edge's.
    pub(super) ties: Vec<Vec<Tie>>,
    /// Where the nodes of known type are in the graph, in its order.
    pub(super) known: Vec<usize>,
    /// Per node of the graph, its place among `known`.
    pub(super) places: Vec<Option<usize>>,
    /// Per place, the places that are applied before it.
    pub(super) after: Vec<Vec<usize>>,
    pub(super) findings: Vec<Finding>,
    /// Whether no finding is about the data or position of one node, and none was left out.
    sound: bool,
}

impl Bonds {
    /// Whether these are the bonds of that graph too. The catalogue is the same.
    pub(super) fn hold(&self, graph: &Graph, reads: &[Reading<Arc<Read>>], last: &[Arc<Read>]) -> bool {
        let same = |(at, reading): (usize, &Reading<Arc<Read>>)| {
            let Some(old) = last.get(at).filter(|_| reading.old == Some(at)) else { return false };
            let new = &reading.node;
            Arc::ptr_eq(old, new)
                || (old.input.kind == new.input.kind
                    && old.info.is_some() == new.info.is_some()
                    && old.facts.references == new.facts.references)
        };
        self.sound
            && reads.len() == last.len()
            && graph.nodes.iter().all(|node| finite(node.position))
            && reads.iter().enumerate().all(same)
            && graph.edges.len() == self.edges.len()
            && graph.edges.iter().zip(&self.edges).all(|(one, other)| identical(one, other))
    }

    /// From scratch. `sound`: no node has a finding about its data, so that need not be looked at.
    pub(super) fn new(graph: &Graph, reads: &[Reading<Arc<Read>>], types: &Types, sound: bool) -> Self {
        let data = |node: &Read| if sound { Map::new() } else { node.input.data.clone() };
        let nodes = graph.nodes.iter().zip(reads).map(|(node, Reading { node: read, .. })| Node {
            id: node.id.clone(),
            kind: read.input.kind.clone(),
            position: node.position,
            data: data(read),
        });
        let graph = Graph { nodes: nodes.collect(), edges: graph.edges.clone() };
        let mut findings = graph::validate(&graph, types, &Limits::default());
        let sound = findings.iter().all(is_structure);
        let mut references: HashMap<String, Vec<String>> = HashMap::with_capacity(reads.len());
        for Reading { node, .. } in reads.iter().filter(|reading| reading.node.info.is_some()) {
            references.entry(node.input.id.clone()).or_insert_with(|| node.facts.references.clone());
        }
        let links = Links::resolve(&graph, types, &references);
        findings.extend(links.findings().iter().cloned());
        let order = graph::order(&graph, types, &links).unwrap_or_else(|cycles| {
            findings.extend(cycles);
            Order::default()
        });
        let known: Vec<usize> = (0..reads.len()).filter(|at| reads[*at].node.info.is_some()).collect();
        let mut places = vec![None; reads.len()];
        for (place, at) in known.iter().enumerate() {
            places[*at] = Some(place);
        }
        let before = |at: &usize| order.dependencies.get(*at).map_or(&[][..], Vec::as_slice);
        let after = known.iter().map(|at| before(at).iter().filter_map(|at| places[*at]).collect());
        Self {
            after: after.collect(),
            ties: ties(&links, &places),
            edges: graph.edges,
            known,
            places,
            findings,
            sound,
        }
    }

    /// Whether no node has a finding about its data: those of last time had none, and those that are new have none.
    pub(super) fn stay_sound(&self, types: &Types, reads: &[Reading<Arc<Read>>], last: &[Arc<Read>]) -> bool {
        let clean = |reading: &Reading<Arc<Read>>| {
            let old = reading.old.and_then(|old| last.get(old));
            old.is_some_and(|old| Arc::ptr_eq(old, &reading.node)) || is_clean(types, &reading.node)
        };
        self.sound && reads.iter().all(clean)
    }
}

/// Whether a node alone has no finding about its data.
fn is_clean(types: &Types, read: &Read) -> bool {
    let input = &*read.input;
    let node = Node {
        id: input.id.clone(),
        kind: input.kind.clone(),
        position: Position::default(),
        data: input.data.clone(),
    };
    let alone = Graph { nodes: vec![node], edges: Vec::new() };
    graph::validate(&alone, types, &Limits::default()).iter().all(is_structure)
}

/// Whether a finding says nothing of the data or position of a node, nor that there are more findings.
fn is_structure(finding: &Finding) -> bool {
    !["node.data_", "node.position_", "graph."].iter().any(|start| finding.code.starts_with(start))
}

fn ties(links: &Links<'_>, places: &[Option<usize>]) -> Vec<Vec<Tie>> {
    let mut roles: HashMap<&str, Arc<str>> = HashMap::new();
    let of = |at| {
        let known = links.of(at).filter(|tie| places[tie.peer].is_some());
        let tie = known.map(|tie| Tie {
            peer: tie.peer,
            edge: tie.edge,
            direction: tie.direction,
            role: tie.role.map(|role| Arc::clone(roles.entry(role).or_insert_with(|| role.into()))),
            declared_here: tie.declared_here,
        });
        tie.collect()
    };
    (0..places.len()).map(of).collect()
}

/// Whether two edges are the same JSON, the order of their data included.
pub(super) fn identical(one: &Edge, other: &Edge) -> bool {
    one.id == other.id
        && one.source == other.source
        && one.target == other.target
        && one.source_handle == other.source_handle
        && one.target_handle == other.target_handle
        && one.kind == other.kind
        && one.data.is_some() == other.data.is_some()
        && members(one.data.iter().flatten(), other.data.iter().flatten())
}

fn finite(position: Position) -> bool {
    position.x.is_finite() && position.y.is_finite()
}
