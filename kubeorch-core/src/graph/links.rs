//! Which nodes belong together and why.
//!
//! An edge is resolved by the types of its ends, whatever its direction (contract 4.4). A pair that no
//! type declares has no meaning of its own: such an edge only says "source before target". A node whose data
//! names another node is linked to it even where nobody drew an edge.

use std::collections::{HashMap, HashSet};

use super::{End, Graph, Relation, Types};
use crate::error::Finding;

/// Two nodes that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'t> {
    /// Index of the edge; `None` when the data of `source` names `target`.
    pub edge: Option<usize>,
    /// Index of the node at the edge's source, or of the node whose data names the other.
    pub source: usize,
    /// Index of the node at the edge's target, or of the named node.
    pub target: usize,
    /// What the pair means, `None` when no type declares it.
    pub relation: Option<Relation<'t>>,
}

/// Which way a link runs, seen from one of its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// An edge leaves the node.
    Out,
    /// An edge arrives at the node.
    In,
    /// There is no edge: one node's data names the other.
    Reference,
}

/// A link as one of its nodes sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour<'t> {
    /// Index of the node at the other end.
    pub peer: usize,
    /// Index of the edge, unless the link is a reference.
    pub edge: Option<usize>,
    /// Which way it runs.
    pub direction: Direction,
    /// What the pair means.
    pub role: Option<&'t str>,
    /// Whether the type of this node declares the role; `false` when the peer's does or nobody does.
    pub declared_here: bool,
}

/// All links of a graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Links<'t> {
    all: Vec<Link<'t>>,
    /// Indices into `all`, per node.
    of: Vec<Vec<usize>>,
    findings: Vec<Finding>,
}

impl<'t> Links<'t> {
    /// Resolves every edge, then the references: node id to the ids that its data names.
    ///
    /// Edges from a node to itself or to a node that does not exist are left out;
    /// [`validate`](super::validate()) reports them. A reference adds nothing where an edge joins the two
    /// nodes already, and two nodes that name each other get one link.
    pub fn resolve(graph: &Graph, types: &'t Types, references: &HashMap<String, Vec<String>>) -> Self {
        let index = index(graph);
        let mut relations = Relations::new(graph, types);
        let mut all = Vec::with_capacity(graph.edges.len());
        let mut joined = HashSet::with_capacity(graph.edges.len());
        for (at, edge) in graph.edges.iter().enumerate() {
            let ends = (index.get(edge.source.as_str()), index.get(edge.target.as_str()));
            if let (Some(&source), Some(&target)) = ends
                && source != target
            {
                joined.insert((source.min(target), source.max(target)));
                all.push(Link { edge: Some(at), source, target, relation: relations.of(source, target) });
            }
        }
        let (named, findings) = named_nodes(graph, &index, references);
        let pairs: HashSet<_> = named.iter().copied().collect();
        for (source, target) in named {
            let mutual = pairs.contains(&(target, source));
            let other_way = mutual && graph.nodes[target].id < graph.nodes[source].id;
            if !other_way && joined.insert((source.min(target), source.max(target))) {
                all.push(Link { edge: None, source, target, relation: relations.of(source, target) });
            }
        }
        let of = per_node(graph, &all);
        Self { all, of, findings }
    }

    /// All links: edges in their order, then references in the order of the nodes.
    pub fn all(&self) -> &[Link<'t>] {
        &self.all
    }

    /// The neighbours of a node, sorted by the peer's id, then the edge's.
    pub fn of(&self, node: usize) -> impl ExactSizeIterator<Item = Neighbour<'t>> {
        let links = self.of.get(node).map_or(&[][..], Vec::as_slice);
        links.iter().map(move |&link| self.all[link].seen_from(node))
    }

    /// Warnings: data that names a node which is not there.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl<'t> Link<'t> {
    fn seen_from(&self, node: usize) -> Neighbour<'t> {
        let end = if node == self.source { End::Source } else { End::Target };
        Neighbour {
            peer: if end == End::Source { self.target } else { self.source },
            edge: self.edge,
            direction: match (self.edge, end) {
                (None, _) => Direction::Reference,
                (Some(_), End::Source) => Direction::Out,
                (Some(_), End::Target) => Direction::In,
            },
            role: self.relation.map(|relation| relation.role),
            declared_here: self.relation.is_some_and(|relation| relation.declared_by == end),
        }
    }
}

/// Index of the first node of each id.
pub(super) fn index(graph: &Graph) -> HashMap<&str, usize> {
    let mut index = HashMap::with_capacity(graph.nodes.len());
    for (at, node) in graph.nodes.iter().enumerate() {
        index.entry(node.id.as_str()).or_insert(at);
    }
    index
}

/// The pairs (naming node, named node) without repeats, and a warning per name that leads nowhere.
fn named_nodes(
    graph: &Graph,
    index: &HashMap<&str, usize>,
    references: &HashMap<String, Vec<String>>,
) -> (Vec<(usize, usize)>, Vec<Finding>) {
    let mut seen = HashSet::new();
    let (mut pairs, mut findings) = (Vec::new(), Vec::new());
    for (source, node) in graph.nodes.iter().enumerate() {
        if index[node.id.as_str()] != source {
            continue;
        }
        for name in references.get(&node.id).into_iter().flatten() {
            if !seen.insert((source, name)) {
                continue;
            }
            match index.get(name.as_str()) {
                Some(&target) if target != source => pairs.push((source, target)),
                Some(_) => {}
                None => findings.push(
                    Finding::warning(
                        "node.reference_unknown",
                        format!("points at {name}, which is not there"),
                    )
                    .on_node(&node.id)
                    .hint("Link it again, or remove the link."),
                ),
            }
        }
    }
    (pairs, findings)
}

fn per_node(graph: &Graph, all: &[Link]) -> Vec<Vec<usize>> {
    let mut of = vec![Vec::new(); graph.nodes.len()];
    for (at, link) in all.iter().enumerate() {
        of[link.source].push(at);
        of[link.target].push(at);
    }
    for (node, links) in of.iter_mut().enumerate() {
        links.sort_by_key(|&at| {
            let seen = all[at].seen_from(node);
            (graph.nodes[seen.peer].id.as_str(), seen.edge.map(|edge| graph.edges[edge].id.as_str()))
        });
    }
    of
}

/// Looks each pair of types up once: graphs are large, the pairs in them few.
struct Relations<'g, 't> {
    types: &'t Types,
    graph: &'g Graph,
    known: HashMap<(&'g str, &'g str), Option<Relation<'t>>>,
}

impl<'g, 't> Relations<'g, 't> {
    fn new(graph: &'g Graph, types: &'t Types) -> Self {
        Self { types, graph, known: HashMap::new() }
    }

    fn of(&mut self, source: usize, target: usize) -> Option<Relation<'t>> {
        let (source, target) = (&self.graph.nodes[source].kind, &self.graph.nodes[target].kind);
        *self.known.entry((source, target)).or_insert_with(|| self.types.relate(source, target))
    }
}
