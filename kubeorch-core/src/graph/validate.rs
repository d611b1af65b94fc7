//! Whether a graph holds together: everything that can be said without rendering it, all at once.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde_json::{Map, Value};

use super::links::index;
use super::{Edge, Graph, Node, Types, canonical};
use crate::error::Finding;

/// Bounds of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nodes of a graph.
    pub nodes: usize,
    /// Edges of a graph.
    pub edges: usize,
    /// Bytes of an id or handle. A node's id is its object's name when it has no other, so no more than a
    /// Kubernetes name may have (RFC 1123 subdomain).
    pub id: usize,
    /// Bytes of one `data` as JSON. etcd refuses a request beyond 1.5 MiB, an object can hardly be larger.
    pub data: usize,
    /// Levels of one `data`.
    pub depth: usize,
    /// Findings of one check; what is left out is counted.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 10_000, edges: 20_000, id: 253, data: 1 << 20, depth: 64, findings: 1000 }
    }
}

/// Checks a graph: the graph as a whole first, then its nodes and edges in their order.
///
/// Beyond the limits on nodes and edges only that is reported. When there are more findings than the
/// limit allows, errors stay and the last finding tells how many are missing.
pub fn validate(graph: &Graph, types: &Types, limits: &Limits) -> Vec<Finding> {
    let mut findings = sizes(graph, limits);
    if findings.is_empty() {
        let mut nodes = Nodes { types, limits, seen: HashSet::new(), unknown: HashMap::new() };
        graph.nodes.iter().for_each(|node| nodes.check(node, &mut findings));
        let index = index(graph);
        let mut edges = Edges { graph, types, limits, index, ids: HashSet::new(), joins: HashMap::new() };
        graph.edges.iter().for_each(|edge| edges.check(edge, &mut findings));
    }
    cap(findings, limits.findings)
}

fn sizes(graph: &Graph, limits: &Limits) -> Vec<Finding> {
    let counts = [
        ("graph.too_many_nodes", graph.nodes.len(), limits.nodes, "nodes"),
        ("graph.too_many_edges", graph.edges.len(), limits.edges, "edges"),
    ];
    let too_many = counts.into_iter().filter(|(_, count, limit, _)| count > limit);
    too_many
        .map(|(code, count, limit, what)| {
            Finding::error(code, format!("{count} {what}, at most {limit} are allowed"))
                .hint("Split the workflow.")
        })
        .collect()
}

fn cap(mut findings: Vec<Finding>, limit: usize) -> Vec<Finding> {
    if findings.len() > limit {
        // Stable: within errors and within warnings the order stays.
        findings.sort_by_key(|finding| finding.severity);
        let rest = findings.split_off(limit.saturating_sub(1));
        let errors = rest.iter().filter(|finding| finding.is_error()).count();
        let text = format!("{} more findings are not shown, {errors} of them errors", rest.len());
        let more = if errors > 0 { Finding::error } else { Finding::warning };
        findings.push(more("graph.more_findings".to_owned(), text).hint("Correct the ones above first."));
    }
    findings
}

/// What is wrong with an id by itself: the end of its code and the text.
fn id_problem(id: &str, limit: usize) -> Option<(&'static str, String)> {
    if id.is_empty() {
        Some(("id_missing", "an id is required".into()))
    } else if id.len() > limit {
        Some(("id_too_long", format!("the id has {} bytes, at most {limit} are allowed", id.len())))
    } else if id.trim() != id || id.contains(char::is_control) {
        Some(("id_invalid", "an id has no blanks around it and no control characters".into()))
    } else {
        None
    }
}

/// An id as a finding may show it.
fn shown(id: &str) -> String {
    let short: String = id.chars().take(80).flat_map(char::escape_debug).collect();
    if id.chars().nth(80).is_some() { short + "..." } else { short }
}

struct Nodes<'g> {
    types: &'g Types,
    limits: &'g Limits,
    seen: HashSet<&'g str>,
    /// Unknown type names with their hints: the search for near names is made once per name.
    unknown: HashMap<&'g str, String>,
}

impl<'g> Nodes<'g> {
    fn check(&mut self, node: &'g Node, findings: &mut Vec<Finding>) {
        let id = shown(&node.id);
        let mut add = |finding: Finding| findings.push(finding.on_node(&id));
        if let Some((code, text)) = id_problem(&node.id, self.limits.id) {
            add(Finding::error(format!("node.{code}"), text).at("id"));
        } else if !self.seen.insert(&node.id) {
            add(Finding::error("node.id_duplicate", "another node has the same id").at("id"));
        }
        if node.kind.is_empty() {
            add(Finding::error("node.type_missing", "a node type is required").at("type"));
        } else if self.types.info(&node.kind).is_none() {
            let hint = self.unknown.entry(&node.kind).or_insert_with(|| near(&node.kind, self.types));
            let text = format!("unsupported node type {}", shown(&node.kind));
            add(Finding::error("node.type_unknown", text).at("type").hint(hint.as_str()));
        }
        if !(node.position.x.is_finite() && node.position.y.is_finite()) {
            add(Finding::error("node.position_invalid", "a position must be finite").at("position"));
        }
        if let Some((code, text)) = data_problem(&node.data, self.limits) {
            add(Finding::error(format!("node.{code}"), text));
        }
    }
}

struct Edges<'g> {
    graph: &'g Graph,
    types: &'g Types,
    limits: &'g Limits,
    index: HashMap<&'g str, usize>,
    ids: HashSet<&'g str>,
    /// Ends and handles, to the first edge that has them.
    joins: HashMap<[Option<&'g str>; 4], &'g str>,
}

impl<'g> Edges<'g> {
    fn check(&mut self, edge: &'g Edge, findings: &mut Vec<Finding>) {
        let id = shown(&edge.id);
        let mut add = |finding: Finding| findings.push(finding.on_edge(&id));
        if let Some((code, text)) = id_problem(&edge.id, self.limits.id) {
            add(Finding::error(format!("edge.{code}"), text).at("id"));
        } else if !self.ids.insert(&edge.id) {
            add(Finding::error("edge.id_duplicate", "another edge has the same id").at("id"));
        }
        for (field, handle) in [("sourceHandle", &edge.source_handle), ("targetHandle", &edge.target_handle)]
        {
            if handle.as_ref().is_some_and(|handle| handle.len() > self.limits.id) {
                let text = format!("a handle has at most {} bytes", self.limits.id);
                add(Finding::error("edge.handle_too_long", text).at(field));
            }
        }
        if let Some((code, text)) = edge.data.as_ref().and_then(|data| data_problem(data, self.limits)) {
            add(Finding::error(format!("edge.{code}"), text));
        }
        if let Some(finding) = self.ends(edge, &mut add) {
            add(finding);
        }
    }

    /// Reports ends that lead nowhere; returns what is to be said of a pair that exists.
    fn ends(&mut self, edge: &'g Edge, mut add: impl FnMut(Finding)) -> Option<Finding> {
        let ends = [("source", &edge.source), ("target", &edge.target)];
        for (field, end) in ends.into_iter().filter(|(_, end)| !self.index.contains_key(end.as_str())) {
            let text = format!("{field} {} is not in the graph", shown(end));
            add(Finding::error(format!("edge.{field}_unknown"), text).at(field));
        }
        let source = &self.graph.nodes[*self.index.get(edge.source.as_str())?];
        let target = &self.graph.nodes[*self.index.get(edge.target.as_str())?];
        if edge.source == edge.target {
            return Some(Finding::error("edge.self", "an edge cannot join a node to itself"));
        }
        let (from, to) = (edge.source_handle.as_deref(), edge.target_handle.as_deref());
        let first = *self.joins.entry([Some(&edge.source), from, Some(&edge.target), to]).or_insert(&edge.id);
        if !std::ptr::eq(first, edge.id.as_str()) {
            let text = format!("joins the same nodes as edge {}", shown(first));
            return Some(Finding::error("edge.duplicate", text).hint("Remove one of them."));
        }
        let known = self.types.info(&source.kind).is_some() && self.types.info(&target.kind).is_some();
        let meaningless = known && self.types.relate(&source.kind, &target.kind).is_none();
        meaningless.then(|| {
            let text = format!(
                "an edge between {} and {} has no meaning of its own, it is used for order only: {} before {}",
                source.kind,
                target.kind,
                shown(&source.id),
                shown(&target.id)
            );
            Finding::warning("edge.no_meaning", text)
        })
    }
}

/// Whether `data` passes its bounds. The depth is looked at first: the measure of the size recurses.
fn data_problem(data: &Map<String, Value>, limits: &Limits) -> Option<(&'static str, String)> {
    if !data.values().all(|value| within(value, limits.depth.saturating_sub(1))) {
        return Some(("data_too_deep", format!("data has more than {} levels", limits.depth)));
    }
    let mut budget = Budget(limits.data);
    canonical::write_map(&mut budget, data, |_| true)
        .is_err()
        .then(|| ("data_too_large", format!("data has more than {} bytes", limits.data)))
}

/// Whether arrays and objects are nested at most this deep.
fn within(value: &Value, levels: usize) -> bool {
    let inside = |value| within(value, levels - 1);
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(inside),
        Value::Object(map) => levels > 0 && map.values().all(inside),
        _ => true,
    }
}

/// Counts bytes and stops the writing when they are used up.
struct Budget(usize);

impl fmt::Write for Budget {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A hint with the known names that look like this one, or all of them when there are few.
fn near(name: &str, types: &Types) -> String {
    const SHOWN: usize = 3;
    let name: Vec<char> = name.chars().take(64).flat_map(char::to_lowercase).collect();
    let mut found: Vec<_> = types
        .names()
        .map(|known| (distance(&name, &known.to_lowercase().chars().collect::<Vec<_>>()), known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .collect();
    found.sort_unstable();
    match found.iter().take(SHOWN).map(|(_, known)| *known).collect::<Vec<_>>().as_slice() {
        [] => "Install a plugin that brings this type, or choose another.".to_owned(),
        names => format!("Did you mean {}?", names.join(", ")),
    }
}

/// Levenshtein's edit distance.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (other, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[other + 1];
            row[other + 1] = replaced.min(diagonal + 1).min(row[other] + 1);
        }
    }
    row[right.len()]
}
