//! What differs between two graphs, in the terms of the people who made them (contract 6.5).
//!
//! Nodes match by id. A node is modified when its type or its data differs; runtime state, editor state
//! and link hints do not count, and a node that only lies elsewhere is moved. An edge that differs in anything is
//! removed and added. Everything is borrowed and sorted by id.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::canonical::{same, same_map};
use super::path::{Path, Step};
use super::snapshot::is_compared;
use super::{Edge, Graph, Node};

/// The way from one graph to another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff<'a> {
    /// Nodes that only the new graph has.
    pub added_nodes: Vec<&'a Node>,
    /// Nodes that only the old graph has.
    pub removed_nodes: Vec<&'a Node>,
    /// Nodes whose type or data differs.
    pub modified_nodes: Vec<Modified<'a>>,
    /// Nodes that lie elsewhere; they may be modified as well.
    pub moved_nodes: Vec<Moved<'a>>,
    /// Edges that only the new graph has, and changed ones as they are now.
    pub added_edges: Vec<&'a Edge>,
    /// Edges that only the old graph has, and changed ones as they were.
    pub removed_edges: Vec<&'a Edge>,
}

/// A node that lies elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved<'a> {
    /// As it was.
    pub old: &'a Node,
    /// As it is now.
    pub new: &'a Node,
}

/// A node whose type or data differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Modified<'a> {
    /// As it was.
    pub old: &'a Node,
    /// As it is now.
    pub new: &'a Node,
    /// What differs in its data, sorted by path; empty when only the type does.
    pub changes: Vec<Change<'a>>,
}

/// A value that differs. One side is `None` where it is not there at all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change<'a> {
    /// Where, from `data`.
    pub path: Path<'a>,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<&'a Value>,
    /// What it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<&'a Value>,
}

impl Modified<'_> {
    /// The old and the new type, when they differ.
    pub fn retyped(&self) -> Option<(&str, &str)> {
        (self.old.kind != self.new.kind).then_some((&self.old.kind, &self.new.kind))
    }
}

impl Diff<'_> {
    /// Whether nothing differs, not even a position.
    pub fn is_empty(&self) -> bool {
        self.is_unchanged() && self.moved_nodes.is_empty()
    }

    /// Whether nothing differs that a deployment depends on: nodes may have moved.
    pub fn is_unchanged(&self) -> bool {
        self.added_nodes.is_empty()
            && self.removed_nodes.is_empty()
            && self.modified_nodes.is_empty()
            && self.added_edges.is_empty()
            && self.removed_edges.is_empty()
    }
}

/// Compares two graphs; the cost is linear in their size. Of several nodes or edges with one id the first
/// counts.
pub fn diff<'a>(old: &'a Graph, new: &'a Graph) -> Diff<'a> {
    let mut diff = Diff::default();
    let nodes = matched(&old.nodes, &new.nodes, |node| &node.id);
    for (old, new) in nodes {
        match (old, new) {
            (Some(old), Some(new)) => diff.both(old, new),
            (Some(old), None) => diff.removed_nodes.push(old),
            (None, Some(new)) => diff.added_nodes.push(new),
            (None, None) => {}
        }
    }
    for (old, new) in matched(&old.edges, &new.edges, |edge| &edge.id) {
        if !old.zip(new).is_some_and(|(old, new)| same_edge(old, new)) {
            diff.removed_edges.extend(old);
            diff.added_edges.extend(new);
        }
    }
    diff.added_nodes.sort_unstable_by_key(|node| &node.id);
    diff.removed_nodes.sort_unstable_by_key(|node| &node.id);
    diff.modified_nodes.sort_unstable_by_key(|modified| &modified.new.id);
    diff.moved_nodes.sort_unstable_by_key(|moved| &moved.new.id);
    diff.added_edges.sort_unstable_by_key(|edge| &edge.id);
    diff.removed_edges.sort_unstable_by_key(|edge| &edge.id);
    diff
}

impl<'a> Diff<'a> {
    fn both(&mut self, old: &'a Node, new: &'a Node) {
        if old.position != new.position {
            self.moved_nodes.push(Moved { old, new });
        }
        // Equal as they are, state and all, is the common case and the cheapest to see.
        let changes = if same_map(&old.data, &new.data) { Vec::new() } else { changes(&old.data, &new.data) };
        if old.kind != new.kind || !changes.is_empty() {
            self.modified_nodes.push(Modified { old, new, changes });
        }
    }
}

/// Pairs items of one id; every item appears once, with the first of its id.
fn matched<'a, T>(
    old: &'a [T],
    new: &'a [T],
    id: impl Fn(&'a T) -> &'a str,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    // Two versions mostly begin with the same items in the same order.
    let alike = old.iter().zip(new).take_while(|(old, new)| id(old) == id(new)).count();
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(old.len().max(new.len()));
    for (at, item) in old.iter().enumerate() {
        places.entry(id(item)).or_insert_with(|| {
            pairs.push((Some(item), new.get(at).filter(|_| at < alike)));
            pairs.len() - 1
        });
    }
    for item in new.iter().skip(alike) {
        let at = *places.entry(id(item)).or_insert_with(|| {
            pairs.push((None, None));
            pairs.len() - 1
        });
        pairs[at].1.get_or_insert(item);
    }
    pairs
}

fn same_edge(old: &Edge, new: &Edge) -> bool {
    let data = match (&old.data, &new.data) {
        (Some(old), Some(new)) => same_map(old, new),
        (old, new) => old.is_none() && new.is_none(),
    };
    data && old.source == new.source
        && old.target == new.target
        && old.source_handle == new.source_handle
        && old.target_handle == new.target_handle
        && old.kind == new.kind
}

fn changes<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<Change<'a>> {
    let mut walk = Walk { at: Vec::new(), found: Vec::new() };
    walk.members(old, new, is_compared);
    walk.found.sort_by(|left, right| left.path.cmp(&right.path));
    walk.found
}

/// Goes down both values at once.
struct Walk<'a> {
    at: Vec<Step<'a>>,
    found: Vec<Change<'a>>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, step: Step<'a>, old: Option<&'a Value>, new: Option<&'a Value>) {
        self.at.push(step);
        match (old, new) {
            (Some(old), Some(new)) if same(old, new) => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => self.members(old, new, |_| true),
            (Some(old @ Value::Array(before)), Some(new @ Value::Array(after))) => {
                if !self.items(before, after) {
                    self.report(Some(old), Some(new));
                }
            }
            (old, new) => self.report(old, new),
        }
        self.at.pop();
    }

    fn report(&mut self, old: Option<&'a Value>, new: Option<&'a Value>) {
        self.found.push(Change { path: Path(self.at.clone()), old, new });
    }

    fn members(
        &mut self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        counts: impl Fn(&str) -> bool,
    ) {
        for (name, value) in old.iter().filter(|(name, _)| counts(name)) {
            self.value(Step::Member(name), Some(value), new.get(name));
        }
        for (name, value) in new.iter().filter(|(name, _)| counts(name) && !old.contains_key(*name)) {
            self.value(Step::Member(name), None, Some(value));
        }
    }

    /// Compares item by item; `false` when the arrays are better shown as a whole.
    fn items(&mut self, old: &'a [Value], new: &'a [Value]) -> bool {
        for key in ["id", "name"] {
            if let (Some(before), Some(after)) = (keyed(old, key), keyed(new, key)) {
                return self.keyed_items(key, old, new, &before, &after);
            }
        }
        let objects = |items: &[Value]| items.iter().all(Value::is_object);
        let comparable = old.len() == new.len() || (objects(old) && objects(new));
        if comparable {
            for index in 0..old.len().max(new.len()) {
                self.value(Step::Index(index), old.get(index), new.get(index));
            }
        }
        comparable
    }

    /// Items that both have must stand in the same order: a mere reordering is a change too (environment
    /// variables refer to earlier ones), and only the whole array shows it.
    fn keyed_items(
        &mut self,
        key: &'static str,
        old: &'a [Value],
        new: &'a [Value],
        before: &HashMap<&'a str, usize>,
        after: &HashMap<&'a str, usize>,
    ) -> bool {
        let name = |item: &'a Value| item.get(key).and_then(Value::as_str).unwrap_or_default();
        let kept = old.iter().map(name).filter_map(|item| after.get(item));
        if !kept.is_sorted() {
            return false;
        }
        for item in old {
            let value = name(item);
            self.value(Step::Item { key, value }, Some(item), after.get(value).map(|&at| &new[at]));
        }
        for item in new.iter().filter(|item| !before.contains_key(name(item))) {
            self.value(Step::Item { key, value: name(item) }, None, Some(item));
        }
        true
    }
}

/// The place of each item by its key, when all items are objects with a key of their own.
fn keyed<'a>(items: &'a [Value], key: &str) -> Option<HashMap<&'a str, usize>> {
    let mut places = HashMap::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        if places.insert(item.as_object()?.get(key)?.as_str()?, at).is_some() {
            return None;
        }
    }
    Some(places)
}
