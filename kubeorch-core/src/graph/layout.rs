//! Positions for graphs that nobody has drawn: layers from left to right along the edges.
//!
//! Sugiyama's method in its plainest form: longest-path layers, then sweeps that put each node near the mean
//! of its neighbours (barycenter). Nodes without an edge stand in a grid below. The result depends on ids
//! and edges alone, not on the order in which they come.

use super::links::index;
use super::{Graph, Position};

/// Width of a node's box in canvas pixels.
pub const NODE_WIDTH: f64 = 220.0;
/// Height of a node's box in canvas pixels.
pub const NODE_HEIGHT: f64 = 120.0;
/// Free space between two layers.
const GAP_X: f64 = 80.0;
/// Free space between two nodes of a layer.
const GAP_Y: f64 = 40.0;
/// Nobody draws beyond; farther out a double can no longer tell two neighbours apart.
const FAR: f64 = 1e9;
/// Sweeps over all layers; the gain of further ones is small (Gansner and others, 1993, use 24 at most).
const SWEEPS: usize = 8;

impl Graph {
    /// Gives every node a place that has none: all of them when the graph was never laid out, else the
    /// new ones in free space below the others. Returns how many were placed.
    ///
    /// A node has no place when its position is not finite or absurdly far out, or when it shares the origin with another.
    pub fn arrange(&mut self) -> usize {
        let origin = |position: &Position| position.x == 0.0 && position.y == 0.0;
        let at_origin = self.nodes.iter().filter(|node| origin(&node.position)).count();
        let finite = |position: &Position| position.x.abs() <= FAR && position.y.abs() <= FAR;
        let homeless = |position: &Position| !finite(position) || (at_origin > 1 && origin(position));
        let wanted: Vec<bool> = self.nodes.iter().map(|node| homeless(&node.position)).collect();
        let placed = self.nodes.iter().zip(&wanted).filter(|(_, wanted)| !**wanted);
        let corner = placed
            .map(|(node, _)| node.position)
            .reduce(|corner, position| Position { x: corner.x.min(position.x), y: corner.y.max(position.y) });
        let offset = corner.map_or_else(Position::default, |corner| Position {
            x: corner.x,
            y: corner.y + NODE_HEIGHT + GAP_Y,
        });
        for (node, position) in layout(self, &wanted) {
            self.nodes[node].position = Position { x: offset.x + position.x, y: offset.y + position.y };
        }
        wanted.into_iter().filter(|&wanted| wanted).count()
    }
}

/// Positions of the wanted nodes, from the origin to the right and down.
fn layout(graph: &Graph, wanted: &[bool]) -> Vec<(usize, Position)> {
    let mut nodes: Vec<usize> = (0..graph.nodes.len()).filter(|&node| wanted[node]).collect();
    nodes.sort_by_key(|&node| graph.nodes[node].id.as_str());
    let ends = neighbours(graph, &nodes);
    let (linked, alone): (Vec<_>, Vec<_>) =
        (0..nodes.len()).partition(|&node| !ends.after[node].is_empty() || !ends.before[node].is_empty());
    let mut layers = layers(&ends, &linked);
    for sweep in 0..SWEEPS {
        straighten(&mut layers, &ends, sweep % 2 == 0);
    }
    let mut places = Vec::with_capacity(nodes.len());
    let tallest = layers.iter().map(Vec::len).max().unwrap_or_default();
    for (column, layer) in layers.iter().enumerate() {
        for (row, &node) in layer.iter().enumerate() {
            let centred = count(row) + count(tallest - layer.len()) / 2.0;
            places.push((nodes[node], cell(count(column), centred)));
        }
    }
    let columns = layers.len().max(side(alone.len()));
    for (at, &node) in alone.iter().enumerate() {
        places.push((nodes[node], cell(count(at % columns), count(tallest + at / columns))));
    }
    places
}

/// Neighbours by place in the sorted list of nodes, sorted, without cycles.
struct Ends {
    after: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
}

fn neighbours(graph: &Graph, nodes: &[usize]) -> Ends {
    let index = index(graph);
    let mut place = vec![None; graph.nodes.len()];
    nodes.iter().enumerate().for_each(|(at, &node)| place[node] = Some(at));
    let mut after = vec![Vec::new(); nodes.len()];
    for edge in &graph.edges {
        let end = |id: &str| index.get(id).and_then(|&node| place[node]);
        if let (Some(source), Some(target)) = (end(&edge.source), end(&edge.target))
            && source != target
        {
            after[source].push(target);
        }
    }
    for targets in &mut after {
        targets.sort_unstable();
        targets.dedup();
    }
    drop_back_edges(&mut after);
    let mut before = vec![Vec::new(); nodes.len()];
    for (source, targets) in after.iter().enumerate() {
        for &target in targets {
            let sources: &mut Vec<usize> = &mut before[target];
            sources.push(source);
        }
    }
    Ends { after, before }
}

/// Depth first, with a stack of its own; an edge back to a node that is still open closes a cycle and goes.
fn drop_back_edges(after: &mut [Vec<usize>]) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut state = vec![State::New; after.len()];
    let mut back = Vec::new();
    for root in 0..after.len() {
        let mut visits = if state[root] == State::New { vec![(root, 0)] } else { Vec::new() };
        while let Some((node, edge)) = visits.pop() {
            state[node] = State::Open;
            let Some(&next) = after[node].get(edge) else {
                state[node] = State::Done;
                continue;
            };
            visits.push((node, edge + 1));
            match state[next] {
                State::New => visits.push((next, 0)),
                State::Open => back.push((node, next)),
                State::Done => {}
            }
        }
    }
    for (node, next) in back {
        after[node].retain(|&target| target != next);
    }
}

/// Longest path: every node one layer right of its last predecessor.
fn layers(ends: &Ends, linked: &[usize]) -> Vec<Vec<usize>> {
    let mut waiting: Vec<_> = ends.before.iter().map(Vec::len).collect();
    let mut depth = vec![0; ends.after.len()];
    let mut queue: Vec<_> = linked.iter().copied().filter(|&node| waiting[node] == 0).collect();
    let mut next = 0;
    while let Some(&node) = queue.get(next) {
        next += 1;
        for &target in &ends.after[node] {
            depth[target] = depth[target].max(depth[node] + 1);
            waiting[target] -= 1;
            if waiting[target] == 0 {
                queue.push(target);
            }
        }
    }
    let size = linked.iter().map(|&node| depth[node] + 1).max().unwrap_or_default();
    let mut layers = vec![Vec::new(); size];
    for &node in linked {
        layers[depth[node]].push(node);
    }
    layers
}

/// One sweep: sorts each layer by the mean row of its neighbours on the side that was sorted before.
fn straighten(layers: &mut [Vec<usize>], ends: &Ends, rightwards: bool) {
    let mut row = vec![0.0; ends.after.len()];
    for layer in layers.iter() {
        layer.iter().enumerate().for_each(|(at, &node)| row[node] = count(at));
    }
    let order: Vec<usize> =
        if rightwards { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
    for at in order {
        let mut keyed: Vec<(f64, usize)> = layers[at]
            .iter()
            .map(|&node| {
                let near = if rightwards { &ends.before[node] } else { &ends.after[node] };
                let sum: f64 = near.iter().map(|&other| row[other]).sum();
                (if near.is_empty() { row[node] } else { sum / count(near.len()) }, node)
            })
            .collect();
        keyed.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        layers[at] = keyed.iter().map(|(_, node)| *node).collect();
        layers[at].iter().enumerate().for_each(|(at, &node)| row[node] = count(at));
    }
}

fn cell(column: f64, row: f64) -> Position {
    Position { x: column * (NODE_WIDTH + GAP_X), y: row * (NODE_HEIGHT + GAP_Y) }
}

/// The side of a square that holds so many cells.
fn side(cells: usize) -> usize {
    let root = cells.isqrt();
    (root + usize::from(root * root < cells)).max(1)
}

/// Exact: graphs are far smaller than 2^32.
fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
