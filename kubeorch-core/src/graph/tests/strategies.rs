//! Generators: values, graphs as the editor makes them, hostile graphs, edits, and shuffles that must not
//! matter.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::graph::{Edge, Graph, Node, Position};

/// Types whose pairs are all declared by different types or not at all.
pub(super) const CORE: [&str; 7] =
    ["configmap", "secret", "service", "deployment", "statefulset", "hpa", "ingress"];
/// A type that no rule names.
pub(super) const PLUGIN: [&str; 1] = ["plugin"];
/// All types of the examples.
pub(crate) const ALL: [&str; 9] =
    ["configmap", "secret", "service", "deployment", "statefulset", "hpa", "ingress", "plugin", "stage"];

/// Any characters. Not from a pattern: that is read anew for every strategy, which takes most of the time.
fn text(most: usize) -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..=most).prop_map(String::from_iter)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec!["", "web", " web ", "a\"b\\c", "\u{1f600}\u{fb33}", "\n\u{1}"]).prop_map(Value::from),
        text(6).prop_map(Value::from),
    ]
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["name", "value", "key", "id", "_x", "app.kubernetes.io/name", "a]b", "\u{1f600}", "\u{fb33}"])
            .prop_map(str::to_owned),
        1 => text(4),
    ]
}

/// Any JSON, a few levels deep.
pub(super) fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(member(), inner.clone(), 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            // The lists that diffs look into.
            btree_map(select(vec!["a", "b", "c", "d"]), inner, 0..4).prop_map(|items| {
                items.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
            }),
        ]
    })
}

/// Data of a node: parameters, link hints, runtime state, editor state.
pub(super) fn data() -> impl Strategy<Value = Map<String, Value>> {
    let names = select(vec![
        "name",
        "namespace",
        "image",
        "replicas",
        "env",
        "ports",
        "labels",
        "x.y",
        "_status",
        "_linkedService",
        "_linkedSecrets",
        "parameters",
        "hasValidationError",
    ]);
    btree_map(names, value(), 0..6)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn position() -> impl Strategy<Value = Position> {
    (-2000i32..2000, -2000i32..2000).prop_map(|(x, y)| Position { x: f64::from(x), y: f64::from(y) / 4.0 })
}

/// A node without an id.
fn node(kinds: &'static [&'static str]) -> impl Strategy<Value = Node> {
    (select(kinds), position(), data()).prop_map(|(kind, position, data)| Node {
        id: String::new(),
        kind: kind.to_owned(),
        position,
        data,
    })
}

/// A graph without errors: ids are unique, ends exist and differ, no two edges join the same ends.
pub(crate) fn graph(kinds: &'static [&'static str]) -> impl Strategy<Value = Graph> {
    let edge = (option::of(select(vec!["a", "b", "c"])), option::of(data()));
    let edges = btree_map((0usize..10, 0usize..10), edge, 0..18);
    (vec(node(kinds), 0..10), edges).prop_map(|(mut nodes, edges)| {
        for (at, node) in nodes.iter_mut().enumerate() {
            node.id = format!("n{at}");
        }
        let real = edges.into_iter().filter(|((source, target), _)| {
            source != target && *source < nodes.len() && *target < nodes.len()
        });
        let edges = real.enumerate().map(|(at, ((source, target), (handle, data)))| Edge {
            id: format!("e{at}"),
            source: nodes[source].id.clone(),
            target: nodes[target].id.clone(),
            source_handle: handle.map(str::to_owned),
            data,
            ..Edge::default()
        });
        Graph { edges: edges.collect(), nodes: nodes.clone() }
    })
}

/// A graph whose edges run from smaller to greater ids, so that it has no cycle as drawn.
pub(super) fn acyclic(kinds: &'static [&'static str]) -> impl Strategy<Value = Graph> {
    graph(kinds).prop_map(|mut graph| {
        for edge in &mut graph.edges {
            if edge.source > edge.target {
                std::mem::swap(&mut edge.source, &mut edge.target);
            }
        }
        graph
    })
}

/// A graph of which nothing can be expected: ids that repeat, are empty or foreign, ends that lead
/// nowhere, positions that are no numbers.
pub(crate) fn hostile() -> impl Strategy<Value = Graph> {
    let id = || {
        prop_oneof![
            3 => select(vec!["a", "b", "c", "d", "", " a", "\u{0}", "\u{1f600}"]).prop_map(str::to_owned),
            1 => text(8),
        ]
    };
    let kind = || prop_oneof![select(&ALL[..]).prop_map(str::to_owned), id()];
    let number = || prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), any::<f64>()];
    let node = (id(), kind(), number(), number(), data()).prop_map(|(id, kind, x, y, data)| Node {
        id,
        kind,
        position: Position { x, y },
        data,
    });
    let edge = (id(), id(), id(), option::of(id()), option::of(data())).prop_map(
        |(id, source, target, target_handle, data)| Edge {
            id,
            source,
            target,
            target_handle,
            data,
            ..Edge::default()
        },
    );
    (vec(node, 0..10), vec(edge, 0..14)).prop_map(|(nodes, edges)| Graph { nodes, edges })
}

/// What a person does to a graph.
#[derive(Debug, Clone)]
enum Edit {
    Add(Node),
    Remove(usize),
    Move(usize, Position),
    Retype(usize, &'static str),
    Set(usize, Map<String, Value>),
    Cut(usize),
    Join(usize, usize),
    Turn(usize),
}

/// A graph and what it became after some edits.
pub(crate) fn edited() -> impl Strategy<Value = (Graph, Graph)> {
    let edit = prop_oneof![
        1 => (10usize..14, node(&ALL)).prop_map(|(at, node)| Edit::Add(Node { id: format!("n{at}"), ..node })),
        1 => any::<usize>().prop_map(Edit::Remove),
        1 => (any::<usize>(), position()).prop_map(|(at, position)| Edit::Move(at, position)),
        1 => (any::<usize>(), select(&ALL[..])).prop_map(|(at, kind)| Edit::Retype(at, kind)),
        4 => (any::<usize>(), data()).prop_map(|(at, data)| Edit::Set(at, data)),
        1 => any::<usize>().prop_map(Edit::Cut),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Edit::Join(from, to)),
        1 => any::<usize>().prop_map(Edit::Turn),
    ];
    (graph(&ALL), vec(edit, 0..8)).prop_map(|(old, edits)| {
        let mut new = old.clone();
        for edit in edits {
            apply(&mut new, edit);
        }
        (old, new)
    })
}

fn apply(graph: &mut Graph, edit: Edit) {
    let (nodes, edges) = (graph.nodes.len().max(1), graph.edges.len().max(1));
    match edit {
        Edit::Add(node) if graph.node(&node.id).is_none() => graph.nodes.push(node),
        Edit::Remove(at) if !graph.nodes.is_empty() => {
            let id = graph.nodes.remove(at % nodes).id;
            graph.edges.retain(|edge| edge.source != id && edge.target != id);
        }
        Edit::Join(from, to) if !graph.nodes.is_empty() => graph.edges.push(Edge {
            id: format!("j{from}-{to}"),
            source: graph.nodes[from % nodes].id.clone(),
            target: graph.nodes[to % nodes].id.clone(),
            ..Edge::default()
        }),
        Edit::Cut(at) if !graph.edges.is_empty() => drop(graph.edges.remove(at % edges)),
        Edit::Turn(at) => {
            if let Some(edge) = graph.edges.get_mut(at % edges) {
                std::mem::swap(&mut edge.source, &mut edge.target);
            }
        }
        Edit::Move(at, _) | Edit::Retype(at, _) | Edit::Set(at, _) => {
            let Some(node) = graph.nodes.get_mut(at % nodes) else { return };
            match edit {
                Edit::Move(_, position) => node.position = position,
                Edit::Retype(_, kind) => kind.clone_into(&mut node.kind),
                Edit::Set(_, data) => node.data.extend(data),
                _ => {}
            }
        }
        _ => {}
    }
}

/// The same graph with nodes, edges and members in another order.
pub(crate) fn shuffled(graph: &Graph, seed: u64) -> Graph {
    let mut dice = Dice(seed);
    let mut other = graph.clone();
    dice.shuffle(&mut other.nodes);
    dice.shuffle(&mut other.edges);
    for node in &mut other.nodes {
        node.data = dice.members(&node.data);
    }
    for edge in &mut other.edges {
        edge.data = edge.data.as_ref().map(|data| dice.members(data));
    }
    other
}

/// The same value with members in another order, and every number that can be written as a double so.
pub(super) fn rewritten(value: &Value, seed: u64) -> Value {
    Dice(seed).value(value)
}

/// `SplitMix64`: a test's own randomness, made from its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) >> 33).unwrap() % bound
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    fn members(&mut self, map: &Map<String, Value>) -> Map<String, Value> {
        let mut members: Vec<_> = map.iter().map(|(name, value)| (name.clone(), self.value(value))).collect();
        self.shuffle(&mut members);
        members.into_iter().collect()
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.members(map)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Number(number) => match number.as_i64().and_then(|number| i32::try_from(number).ok()) {
                Some(small) => Value::from(f64::from(small)),
                None => value.clone(),
            },
            _ => value.clone(),
        }
    }
}
