//! What must be applied before what.
//!
//! Nodes whose pair has a meaning follow the ranks of their types, smaller first; at equal rank the node
//! that is declared as a peer comes before the one whose type declares the link. An edge without a
//! meaning says "source before target", whatever the ranks. A reference without a meaning follows the
//! ranks and is silent between equals: data that names a node is no promise to be applied after it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use super::{End, Graph, Link, Links, Types};
use crate::error::Finding;

/// A cycle of more nodes is named by its beginning only.
const MAX_NAMED: usize = 50;

/// The order in which a graph is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Indices of all nodes; each stands after everything it depends on, else by rank and id.
    pub sequence: Vec<usize>,
    /// Per node the nodes that come before it directly, in the order of `sequence`.
    pub dependencies: Vec<Vec<usize>>,
}

/// Sorts a graph, deterministic whatever the order of its nodes and edges.
///
/// Fails with one `graph.cycle` finding for every group of nodes that wait for each other; each names a
/// shortest cycle through the node whose id sorts first.
pub fn order(graph: &Graph, types: &Types, links: &Links) -> Result<Order, Vec<Finding>> {
    // Work on places: the position that a node would have without any link. It decides every tie.
    let ranked = by_rank(graph, types);
    let mut place = vec![0; ranked.len()];
    for (at, &node) in ranked.iter().enumerate() {
        place[node] = at;
    }
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); ranked.len()];
    for link in links.all() {
        if let Some((first, second)) = direction(graph, types, link) {
            after[place[first]].push(place[second]);
        }
    }
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); ranked.len()];
    for (first, seconds) in after.iter_mut().enumerate() {
        seconds.sort_unstable();
        seconds.dedup();
        for &mut second in seconds {
            before[second].push(first);
        }
    }
    let sequence = topological(&after, &before);
    if sequence.len() < ranked.len() {
        return Err(cycles(graph, &ranked, &after, &sequence));
    }
    let mut turn = vec![0; ranked.len()];
    for (at, &node) in sequence.iter().enumerate() {
        turn[node] = at;
    }
    let mut dependencies = vec![Vec::new(); ranked.len()];
    for (node, mut firsts) in before.into_iter().enumerate() {
        firsts.sort_unstable_by_key(|&first| turn[first]);
        dependencies[ranked[node]] = firsts.into_iter().map(|first| ranked[first]).collect();
    }
    Ok(Order { sequence: sequence.into_iter().map(|node| ranked[node]).collect(), dependencies })
}

fn by_rank(graph: &Graph, types: &Types) -> Vec<usize> {
    let mut ranks: HashMap<&str, i32> = HashMap::new();
    let mut rank = |kind| *ranks.entry(kind).or_insert_with(|| types.rank(kind));
    let mut ranked: Vec<_> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (rank(node.kind.as_str()), node.id.as_str(), at))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, _, at)| at).collect()
}

/// Which node of a link comes first.
fn direction(graph: &Graph, types: &Types, link: &Link) -> Option<(usize, usize)> {
    let forward = (link.source, link.target);
    let backward = (link.target, link.source);
    let rank = |node: usize| types.rank(&graph.nodes[node].kind);
    let by_rank = || match rank(link.source).cmp(&rank(link.target)) {
        std::cmp::Ordering::Less => Some(forward),
        std::cmp::Ordering::Greater => Some(backward),
        std::cmp::Ordering::Equal => None,
    };
    match (link.relation, link.edge) {
        (Some(relation), _) => {
            Some(by_rank().unwrap_or(if relation.declared_by == End::Target { forward } else { backward }))
        }
        (None, Some(_)) => Some(forward),
        (None, None) => by_rank(),
    }
}

/// Kahn's algorithm; the smallest place that is ready goes next. Short when there are cycles.
fn topological(after: &[Vec<usize>], before: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<_> = before.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<_> = (0..after.len()).filter(|&node| waiting[node] == 0).map(Reverse).collect();
    let mut sequence = Vec::with_capacity(after.len());
    while let Some(Reverse(node)) = ready.pop() {
        sequence.push(node);
        for &next in &after[node] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    sequence
}

fn cycles(graph: &Graph, ranked: &[usize], after: &[Vec<usize>], sorted: &[usize]) -> Vec<Finding> {
    let mut open = vec![true; after.len()];
    for &node in sorted {
        open[node] = false;
    }
    let groups = components(after, &open);
    let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for node in (0..after.len()).filter(|&node| open[node]) {
        members.entry(groups[node]).or_default().push(node);
    }
    for nodes in members.into_values().filter(|nodes| nodes.len() > 1) {
        let id = |&node: &usize| graph.nodes[ranked[node]].id.as_str();
        if let Some(&start) = nodes.iter().min_by_key(|node| id(node)) {
            found.push((start, shortest_cycle(after, &groups, start)));
        }
    }
    found.sort_by_key(|(start, _)| graph.nodes[ranked[*start]].id.as_str());
    let name = |&node: &usize| graph.nodes[ranked[node]].id.as_str();
    found.iter().map(|(_, cycle)| describe(&cycle.iter().map(name).collect::<Vec<_>>())).collect()
}

fn describe(path: &[&str]) -> Finding {
    let shown = if path.len() > MAX_NAMED + 1 {
        format!("{} -> ... ({} nodes in all)", path[..MAX_NAMED].join(" -> "), path.len() - 1)
    } else {
        path.join(" -> ")
    };
    Finding::error("graph.cycle", format!("workflow contains a cycle: {shown}"))
        .hint("Remove one of these edges: a node cannot wait for itself.")
}

/// Breadth first from a node back to itself, inside its component; the path starts and ends with it.
fn shortest_cycle(after: &[Vec<usize>], groups: &[usize], start: usize) -> Vec<usize> {
    let mut from: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &next in after[node].iter().filter(|&&next| groups[next] == groups[start]) {
            if next == start {
                let mut path = vec![start, node];
                while let Some(&previous) =
                    path.last().filter(|&&last| last != start).and_then(|last| from.get(last))
                {
                    path.push(previous);
                }
                path.reverse();
                return path;
            }
            from.entry(next).or_insert_with(|| {
                queue.push_back(next);
                node
            });
        }
    }
    vec![start]
}

/// The strongly connected component of every open node (Tarjan 1972, with its own stack: a chain of
/// ten thousand nodes must not use up the thread's).
fn components(after: &[Vec<usize>], open: &[bool]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let size = after.len();
    let (mut number, mut low, mut group) = (vec![NEW; size], vec![0; size], vec![NEW; size]);
    let (mut next_number, mut stack, mut visits) = (0, Vec::new(), Vec::new());
    for root in (0..size).filter(|&node| open[node]) {
        if number[root] == NEW {
            visits.push((root, 0));
        }
        while let Some((node, edge)) = visits.pop() {
            if edge == 0 {
                (number[node], low[node]) = (next_number, next_number);
                next_number += 1;
                stack.push(node);
            } else {
                // Back from the child that this edge led to.
                low[node] = low[node].min(low[after[node][edge - 1]]);
            }
            let unseen = after[node].iter().enumerate().skip(edge).find_map(|(at, &next)| {
                if open[next] && number[next] == NEW {
                    return Some((at, next));
                }
                if open[next] && group[next] == NEW {
                    low[node] = low[node].min(number[next]);
                }
                None
            });
            if let Some((at, next)) = unseen {
                visits.push((node, at + 1));
                visits.push((next, 0));
            } else if low[node] == number[node] {
                while let Some(member) = stack.pop() {
                    group[member] = node;
                    if member == node {
                        break;
                    }
                }
            }
        }
    }
    group
}
