//! A diff tells everything that differs, nothing else, and the way back.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::config;
use super::strategies::{ALL, edited, graph, hostile, shuffled, value};
use crate::graph::{Diff, Edge, Graph, Modified, Node, Path, Step, canonical, diff};

/// The old graph with a diff applied to it.
fn patched(old: &Graph, diff: &Diff) -> Graph {
    let mut graph = old.clone();
    graph.nodes.retain(|node| !diff.removed_nodes.iter().any(|removed| removed.id == node.id));
    graph.edges.retain(|edge| !diff.removed_edges.iter().any(|removed| removed.id == edge.id));
    for node in &mut graph.nodes {
        if let Some(moved) = diff.moved_nodes.iter().find(|moved| moved.new.id == node.id) {
            node.position = moved.new.position;
        }
        if let Some(modified) = diff.modified_nodes.iter().find(|modified| modified.new.id == node.id) {
            node.kind.clone_from(&modified.new.kind);
            node.data.clone_from(&modified.new.data);
        }
    }
    graph.nodes.extend(diff.added_nodes.iter().map(|&node| node.clone()));
    graph.edges.extend(diff.added_edges.iter().map(|&edge| edge.clone()));
    graph
}

/// A graph without what a diff does not look at.
fn comparable(graph: &Graph) -> Graph {
    let mut graph = graph.snapshot();
    graph.nodes.iter_mut().for_each(|node| node.data.retain(|name, _| !name.starts_with('_')));
    graph
}

fn lookup<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Member(name) => value.get(*name),
        Step::Index(index) => value.get(*index),
        Step::Item { key, value: id } => value.as_array()?.iter().find(|item| item[*key] == **id),
    }
}

fn at<'a>(data: &'a Map<String, Value>, path: &Path) -> Option<&'a Value> {
    let Some((Step::Member(first), rest)) = path.0.split_first() else { return None };
    rest.iter().try_fold(data.get(*first)?, lookup)
}

/// Replaces what lies at a path by a mark; with `cut`, takes it out.
fn mask(data: &mut Map<String, Value>, path: &Path, cut: bool) {
    let mut whole = Value::Object(std::mem::take(data));
    let mut place = &mut whole;
    let (last, steps) = path.0.split_last().unwrap();
    for step in steps {
        place = match step {
            Step::Member(name) => &mut place[*name],
            Step::Index(index) => &mut place[*index],
            Step::Item { key, value } => {
                place.as_array_mut().unwrap().iter_mut().find(|item| item[*key] == **value).unwrap()
            }
        };
    }
    match last {
        Step::Member(name) if cut => drop(place.as_object_mut().unwrap().remove(*name)),
        Step::Member(name) => place[*name] = Value::from("changed"),
        Step::Index(index) if cut => place.as_array_mut().unwrap().truncate(*index),
        Step::Index(index) => place[*index] = Value::from("changed"),
        // An item that both have is never reported whole: its key is the same.
        Step::Item { key, value } => place.as_array_mut().unwrap().retain(|item| item[*key] != **value),
    }
    *data = whole.as_object().unwrap().clone();
}

/// Both data with every reported change taken out.
fn masked(modified: &Modified) -> (Map<String, Value>, Map<String, Value>) {
    let only = |data: &Map<String, Value>| {
        let mut data = data.clone();
        data.retain(|name, _| !name.starts_with('_') && name != "parameters" && name != "hasValidationError");
        data
    };
    let (mut old, mut new) = (only(&modified.old.data), only(&modified.new.data));
    for change in modified.changes.iter().rev() {
        if change.old.is_some() {
            mask(&mut old, &change.path, change.new.is_none());
        }
        if change.new.is_some() {
            mask(&mut new, &change.path, change.old.is_none());
        }
    }
    (old, new)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_graph_does_not_differ_from_itself(graph in hostile()) {
        let graph = { let mut graph = graph; graph.arrange(); graph };
        prop_assert!(diff(&graph, &graph).is_empty());
    }

    #[test]
    fn order_is_no_difference(graph in graph(&ALL), seed: u64) {
        prop_assert!(diff(&graph, &shuffled(&graph, seed)).is_empty());
    }

    #[test]
    fn a_diff_does_not_depend_on_any_order((old, new) in edited(), seed: u64) {
        // Ids and paths: the values themselves are written in another order.
        let told = |diff: &Diff| {
            let nodes = |nodes: &[&Node]| nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>();
            let edges = |edges: &[&Edge]| edges.iter().map(|edge| edge.id.clone()).collect::<Vec<_>>();
            let changes = |node: &Modified| node.changes.iter().map(|change| change.path.to_string()).collect::<Vec<_>>();
            let modified: Vec<_> = diff.modified_nodes.iter().map(|node| (node.new.id.clone(), changes(node))).collect();
            let moved: Vec<_> = diff.moved_nodes.iter().map(|moved| moved.new.id.clone()).collect();
            let (added, removed) = (nodes(&diff.added_nodes), nodes(&diff.removed_nodes));
            (added, removed, modified, moved, edges(&diff.added_edges), edges(&diff.removed_edges))
        };
        let (other_old, other_new) = (shuffled(&old, seed), shuffled(&new, !seed));
        prop_assert_eq!(told(&diff(&old, &new)), told(&diff(&other_old, &other_new)));
    }

    #[test]
    fn a_diff_read_backwards_is_the_diff_of_the_other_way((old, new) in edited()) {
        let (there, back) = (diff(&old, &new), diff(&new, &old));
        prop_assert_eq!(there.added_nodes, back.removed_nodes);
        prop_assert_eq!(there.removed_nodes, back.added_nodes);
        prop_assert_eq!(there.added_edges, back.removed_edges);
        prop_assert_eq!(there.removed_edges, back.added_edges);
        prop_assert_eq!(there.moved_nodes.len(), back.moved_nodes.len());
        prop_assert_eq!(there.modified_nodes.len(), back.modified_nodes.len());
        for (there, back) in there.modified_nodes.iter().zip(&back.modified_nodes) {
            prop_assert_eq!((there.old, there.new), (back.new, back.old));
            let turned: Vec<_> = back.changes.iter().map(|change| (&change.path, change.new, change.old)).collect();
            let changes: Vec<_> = there.changes.iter().map(|change| (&change.path, change.old, change.new)).collect();
            prop_assert_eq!(changes, turned);
        }
    }

    #[test]
    fn the_old_graph_with_its_diff_is_the_new_one((old, new) in edited()) {
        let result = patched(&old, &diff(&old, &new));
        prop_assert_eq!(comparable(&result).snapshot_hash(), comparable(&new).snapshot_hash());
    }

    #[test]
    fn a_patched_graph_no_longer_differs((old, new) in edited()) {
        prop_assert!(diff(&patched(&old, &diff(&old, &new)), &new).is_empty());
    }

    #[test]
    fn nothing_is_reported_without_a_reason((old, new) in edited()) {
        let unchanged = diff(&old, &new).is_unchanged();
        prop_assert_eq!(unchanged, comparable(&old).content_hash() == comparable(&new).content_hash());
    }

    #[test]
    fn equal_hashes_mean_no_difference((old, new) in edited()) {
        if old.content_hash() == new.content_hash() {
            prop_assert!(diff(&old, &new).is_unchanged());
        }
        if old.snapshot_hash() == new.snapshot_hash() {
            prop_assert!(diff(&old, &new).is_empty());
        }
    }

    #[test]
    fn everything_is_sorted_by_id((old, new) in edited()) {
        let diff = diff(&old, &new);
        prop_assert!(diff.added_nodes.is_sorted_by(|left, right| left.id < right.id));
        prop_assert!(diff.removed_nodes.is_sorted_by(|left, right| left.id < right.id));
        prop_assert!(diff.modified_nodes.is_sorted_by(|left, right| left.new.id < right.new.id));
        prop_assert!(diff.moved_nodes.is_sorted_by(|left, right| left.new.id < right.new.id));
        prop_assert!(diff.added_edges.is_sorted_by(|left, right| left.id < right.id));
        prop_assert!(diff.removed_edges.is_sorted_by(|left, right| left.id < right.id));
    }

    #[test]
    fn nodes_and_edges_add_up((old, new) in edited()) {
        let diff = diff(&old, &new);
        prop_assert_eq!(old.nodes.len() + diff.added_nodes.len() - diff.removed_nodes.len(), new.nodes.len());
        prop_assert_eq!(old.edges.len() + diff.added_edges.len() - diff.removed_edges.len(), new.edges.len());
    }

    #[test]
    fn changes_hold_the_values_at_their_paths((old, new) in edited()) {
        for modified in &diff(&old, &new).modified_nodes {
            for change in &modified.changes {
                prop_assert_eq!(at(&modified.old.data, &change.path), change.old, "{}", change.path);
                prop_assert_eq!(at(&modified.new.data, &change.path), change.new, "{}", change.path);
                let equal = change.old.zip(change.new).is_some_and(|(old, new)| canonical::same(old, new));
                prop_assert!(!equal && (change.old.is_some() || change.new.is_some()));
            }
        }
    }

    #[test]
    fn changes_are_all_there_is((old, new) in edited()) {
        for modified in &diff(&old, &new).modified_nodes {
            let (left, right) = masked(modified);
            prop_assert!(canonical::same_map(&left, &right), "{left:?}\n{right:?}\n{:?}", modified.changes);
        }
    }

    #[test]
    fn change_paths_are_sorted_and_do_not_overlap((old, new) in edited()) {
        for modified in &diff(&old, &new).modified_nodes {
            let paths: Vec<_> = modified.changes.iter().map(|change| &change.path.0).collect();
            prop_assert!(paths.is_sorted_by(|left, right| left < right && !right.starts_with(left)));
        }
    }

    #[test]
    fn a_modified_node_has_a_change_or_another_type((old, new) in edited()) {
        for modified in &diff(&old, &new).modified_nodes {
            prop_assert!(!modified.changes.is_empty() || modified.retyped().is_some());
            prop_assert_eq!(modified.retyped().is_some(), modified.old.kind != modified.new.kind);
        }
    }

    #[test]
    fn state_and_link_hints_are_no_difference(graph in graph(&ALL), state in value()) {
        let mut running = graph.clone();
        for node in &mut running.nodes {
            for member in ["_status", "_linkedService", "parameters", "hasValidationError"] {
                node.data.insert(member.to_owned(), state.clone());
            }
        }
        prop_assert!(diff(&graph, &running).is_empty());
        prop_assert!(diff(&running, &graph).is_empty());
    }

    #[test]
    fn moving_is_told_apart_from_modifying(graph in graph(&ALL), at: usize) {
        prop_assume!(!graph.nodes.is_empty());
        let at = at % graph.nodes.len();
        let mut moved = graph.clone();
        moved.nodes[at].position.y += 1.0;
        let diff = diff(&graph, &moved);
        prop_assert!(diff.is_unchanged() && !diff.is_empty());
        prop_assert_eq!(&diff.moved_nodes[0].old.id, &graph.nodes[at].id);
    }

    #[test]
    fn a_changed_edge_is_removed_and_added(graph in graph(&ALL), at: usize) {
        prop_assume!(!graph.edges.is_empty());
        let at = at % graph.edges.len();
        let mut turned = graph.clone();
        let edge = &mut turned.edges[at];
        std::mem::swap(&mut edge.source, &mut edge.target);
        let diff = diff(&graph, &turned);
        prop_assert_eq!(&diff.removed_edges, &[&graph.edges[at]]);
        prop_assert_eq!(&diff.added_edges, &[&turned.edges[at]]);
    }

    #[test]
    fn an_added_item_of_a_named_list_is_one_change(name in "[e-z]{1,3}", names in proptest::collection::btree_set("[a-d]", 0..4)) {
        let list = |names: &mut dyn Iterator<Item = &String>| -> Value {
            names.map(|name| serde_json::json!({"name": name, "value": "v"})).collect()
        };
        let graph = |list| Graph {
            nodes: vec![serde_json::from_value(serde_json::json!({"id": "a", "type": "t", "data": {"env": list}})).unwrap()],
            edges: Vec::new(),
        };
        let old = graph(list(&mut names.iter()));
        let new = graph(list(&mut std::iter::once(&name).chain(&names)));
        let diff = diff(&old, &new);
        let paths: Vec<_> = diff.modified_nodes[0].changes.iter().map(|change| change.path.to_string()).collect();
        prop_assert_eq!(paths, [format!("env[name={name}]")]);
    }

    #[test]
    fn hostile_graphs_can_be_compared(old in hostile(), new in hostile()) {
        let diff = diff(&old, &new);
        prop_assert!(diff.added_nodes.iter().all(|node| old.node(&node.id).is_none()));
        prop_assert!(diff.removed_nodes.iter().all(|node| new.node(&node.id).is_none()));
    }
}
