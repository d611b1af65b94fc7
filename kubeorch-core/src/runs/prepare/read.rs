//! Nodes as they are read from a graph, told apart from those of last time.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::catalogue::Catalogue;
use crate::graph::{Graph, Node};
use crate::plugin::{Facts, NodeInput, NodeType};

/// Bytes of a member of an object beside key and value, about.
const MEMBER: usize = 128;

/// A node of a graph, without runtime and editor state.
pub(super) struct Read {
    /// Its type as it is written, which may be an alias.
    written: String,
    pub(super) input: Arc<NodeInput>,
    /// `None` of a type that nobody brings.
    pub(super) info: Option<Arc<NodeType>>,
    pub(super) facts: Arc<Facts>,
    /// Bytes that it takes, about.
    pub(super) weight: usize,
}

/// A node before anybody asked for its facts.
pub(super) struct Fresh {
    written: String,
    pub(super) input: NodeInput,
    pub(super) info: Option<Arc<NodeType>>,
}

/// A node, and where the one of its id stood last time.
pub(super) struct Reading<T> {
    pub(super) node: T,
    pub(super) old: Option<usize>,
}

impl Fresh {
    fn new(node: &Node, catalogue: &Catalogue) -> Self {
        let kind = catalogue.kind_of(node);
        let info = catalogue.find(kind).cloned();
        let data = node.content().map(|(name, value)| (name.clone(), value.clone())).collect();
        let input = NodeInput { id: node.id.clone(), kind: kind.to_owned(), data };
        Self { written: node.kind.clone(), input, info }
    }

    pub(super) fn with(self, facts: Arc<Facts>) -> Read {
        let weight = heap(&self.input.data) + heap(&facts.other) + 4 * MEMBER;
        let Self { written, input, info } = self;
        Read { written, input: Arc::new(input), info, facts, weight }
    }
}

impl Read {
    /// Whether it would be read from this node again.
    fn is(&self, node: &Node, catalogue: &Catalogue, same_catalogue: bool) -> bool {
        let same = self.input.id == node.id
            && self.written == node.kind
            && members(self.input.data.iter(), node.content());
        same && (same_catalogue || {
            let kind = catalogue.kind_of(node);
            kind == self.input.kind
                && match (&self.info, catalogue.find(kind)) {
                    (Some(old), Some(new)) => Arc::ptr_eq(old, new),
                    (None, None) => true,
                    _ => false,
                }
        })
    }
}

/// Reads every node; `Ok` is one of last time that stayed the same.
pub(super) fn read(
    graph: &Graph,
    catalogue: &Catalogue,
    same_catalogue: bool,
    last: &[Arc<Read>],
) -> Vec<Reading<Result<Arc<Read>, Fresh>>> {
    let mut places: Option<HashMap<&str, usize>> = None;
    let mut find = |id: &str| {
        let index = || last.iter().enumerate().rev().map(|(at, old)| (old.input.id.as_str(), at)).collect();
        places.get_or_insert_with(index).get(id).copied()
    };
    let one = |(at, node): (usize, &Node)| {
        // Most nodes stand where they stood.
        let here = last.get(at).is_some_and(|old| old.input.id == node.id);
        let old = if here { Some(at) } else { find(&node.id) };
        let same = old.and_then(|old| last.get(old)).filter(|old| old.is(node, catalogue, same_catalogue));
        Reading { node: same.cloned().ok_or_else(|| Fresh::new(node, catalogue)), old }
    };
    graph.nodes.iter().enumerate().map(one).collect()
}

/// Whether two maps are the same JSON, order included: a rendering may depend on it.
pub(super) fn members<'a>(
    mut one: impl Iterator<Item = (&'a String, &'a Value)>,
    mut other: impl Iterator<Item = (&'a String, &'a Value)>,
) -> bool {
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some((key, value)), Some((other_key, other_value)))
                if key == other_key && identical(value, other_value) => {}
            _ => return false,
        }
    }
}

/// As deep as a parser goes, which is 128 levels.
fn identical(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => members(one.iter(), other.iter()),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| identical(one, other))
        }
        // -0.0 equals 0.0 and is written otherwise.
        (Value::Number(one), Value::Number(other)) => one == other && bits(one) == bits(other),
        _ => one == other,
    }
}

fn bits(number: &Number) -> Option<u64> {
    number.is_f64().then(|| number.as_f64().unwrap_or_default().to_bits())
}

/// Bytes that a map takes, about.
pub(super) fn heap(map: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(|item| of(item) + MEMBER / 2).sum(),
            Value::Object(map) => heap(map),
            _ => 0,
        }
    }
    map.iter().map(|(key, value)| key.len() + of(value) + MEMBER).sum()
}
