//! The order respects every dependency, never depends on chance, and a cycle it reports is one.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::config;
use super::examples::types;
use super::strategies::{ALL, CORE, PLUGIN, acyclic, graph, hostile, shuffled};
use crate::error::Finding;
use crate::graph::{DEFAULT_RANK, Graph, Links, Order, order};

fn ordered(graph: &Graph) -> Result<Order, Vec<Finding>> {
    let types = types();
    order(graph, &types, &Links::resolve(graph, &types, &HashMap::new()))
}

fn ids(graph: &Graph, nodes: &[usize]) -> Vec<String> {
    nodes.iter().map(|&node| graph.nodes[node].id.clone()).collect()
}

/// Whether following edges as drawn leads from a node to another.
fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (HashSet::new(), vec![from]);
    while let Some(node) = open.pop() {
        for edge in graph.edges.iter().filter(|edge| edge.source == node) {
            if edge.target == to {
                return true;
            }
            if seen.insert(&edge.target) {
                open.push(&edge.target);
            }
        }
    }
    false
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_node_has_one_turn(graph in acyclic(&PLUGIN)) {
        let mut sequence = ordered(&graph).unwrap().sequence;
        sequence.sort_unstable();
        prop_assert!(sequence.into_iter().eq(0..graph.nodes.len()));
    }

    #[test]
    fn dependencies_come_first(graph in graph(&ALL)) {
        if let Ok(order) = ordered(&graph) {
            let turn = |node| order.sequence.iter().position(|&other| other == node);
            for (node, firsts) in order.dependencies.iter().enumerate() {
                prop_assert!(firsts.iter().all(|&first| turn(first) < turn(node)));
                prop_assert!(firsts.is_sorted_by_key(|&first| turn(first)));
            }
        }
    }

    #[test]
    fn drawn_order_is_kept_where_edges_have_no_meaning(graph in acyclic(&PLUGIN)) {
        let order = ordered(&graph).unwrap();
        let sequence = ids(&graph, &order.sequence);
        let turn = |id: &String| sequence.iter().position(|other| other == id);
        prop_assert!(graph.edges.iter().all(|edge| turn(&edge.source) < turn(&edge.target)));
    }

    #[test]
    fn order_does_not_depend_on_any_order(graph in graph(&ALL), seed: u64) {
        let other = shuffled(&graph, seed);
        match (ordered(&graph), ordered(&other)) {
            (Ok(left), Ok(right)) => {
                prop_assert_eq!(ids(&graph, &left.sequence), ids(&other, &right.sequence));
                for (at, node) in graph.nodes.iter().enumerate() {
                    let there = other.nodes.iter().position(|other| other.id == node.id).unwrap();
                    prop_assert_eq!(ids(&graph, &left.dependencies[at]), ids(&other, &right.dependencies[there]));
                }
            }
            (left, right) => prop_assert_eq!(left.err(), right.err()),
        }
    }

    #[test]
    fn dependencies_are_exactly_the_linked_pairs(graph in graph(&ALL)) {
        if let Ok(order) = ordered(&graph) {
            let mut pairs: Vec<_> = graph.edges.iter().map(|edge| {
                let (source, target) = (&edge.source, &edge.target);
                if source < target { (source, target) } else { (target, source) }
            }).collect();
            pairs.sort();
            pairs.dedup();
            prop_assert_eq!(order.dependencies.iter().map(Vec::len).sum::<usize>(), pairs.len());
        }
    }

    #[test]
    fn links_with_a_meaning_never_make_a_cycle(graph in graph(&CORE)) {
        let (mut graph, types) = (graph, types());
        let kinds: HashMap<_, _> = graph.nodes.iter().map(|node| (node.id.clone(), node.kind.clone())).collect();
        graph.edges.retain(|edge| types.relate(&kinds[&edge.source], &kinds[&edge.target]).is_some());
        let order = ordered(&graph).unwrap();
        let ranks: Vec<_> = order.sequence.iter().map(|&node| types.rank(&graph.nodes[node].kind)).collect();
        prop_assert!(ranks.is_sorted(), "{ranks:?}");
    }

    #[test]
    fn a_turned_link_with_a_meaning_changes_nothing(graph in graph(&CORE)) {
        let (types, mut turned) = (types(), graph.clone());
        let kinds: HashMap<_, _> = graph.nodes.iter().map(|node| (&node.id, &node.kind)).collect();
        for edge in &mut turned.edges {
            if types.relate(kinds[&edge.source], kinds[&edge.target]).is_some() {
                std::mem::swap(&mut edge.source, &mut edge.target);
            }
        }
        prop_assert_eq!(ordered(&graph), ordered(&turned));
    }

    #[test]
    fn unlinked_nodes_follow_rank_and_id(graph in graph(&ALL)) {
        let graph = Graph { edges: Vec::new(), ..graph };
        let types = types();
        let order = ordered(&graph).unwrap();
        let keys: Vec<_> = order.sequence.iter().map(|&node| (types.rank(&graph.nodes[node].kind), &graph.nodes[node].id)).collect();
        prop_assert!(keys.is_sorted());
        prop_assert!(order.dependencies.iter().all(Vec::is_empty));
    }

    #[test]
    fn references_without_a_meaning_never_make_a_cycle(graph in graph(&ALL)) {
        let types = types();
        let mut named: HashMap<String, Vec<String>> = HashMap::new();
        for edge in graph.edges.iter().filter(|_| types.relate("plugin", "plugin").is_none()) {
            named.entry(edge.source.clone()).or_default().push(edge.target.clone());
        }
        let mut plain = Graph { edges: Vec::new(), ..graph };
        plain.nodes.iter_mut().for_each(|node| node.kind = "plugin".into());
        prop_assert!(order(&plain, &types, &Links::resolve(&plain, &types, &named)).is_ok());
    }

    #[test]
    fn there_is_a_cycle_exactly_when_a_node_reaches_itself(graph in graph(&PLUGIN)) {
        let cyclic = graph.nodes.iter().any(|node| reaches(&graph, &node.id, &node.id));
        prop_assert_eq!(ordered(&graph).is_err(), cyclic);
    }

    #[test]
    fn a_reported_cycle_is_a_shortest_one(graph in graph(&PLUGIN)) {
        for finding in ordered(&graph).err().into_iter().flatten() {
            prop_assert_eq!(&finding.code, "graph.cycle");
            let path: Vec<_> = finding.message.strip_prefix("workflow contains a cycle: ").unwrap().split(" -> ").collect();
            prop_assert_eq!(path.first(), path.last());
            for hop in path.windows(2) {
                prop_assert!(graph.edges.iter().any(|edge| edge.source == hop[0] && edge.target == hop[1]), "{path:?}");
            }
            let inner: HashSet<_> = path[1..].iter().collect();
            prop_assert_eq!(inner.len(), path.len() - 1);
            // A shortcut from one of its nodes to a later one than the next would make a shorter cycle.
            for (at, from) in path.iter().enumerate() {
                let shortcut = path.iter().skip(at + 2).any(|to| {
                    graph.edges.iter().any(|edge| edge.source == *from && edge.target == *to)
                });
                prop_assert!(!shortcut, "{path:?}");
            }
        }
    }

    #[test]
    fn every_knot_is_reported_once(graph in graph(&PLUGIN)) {
        let mut knots: Vec<Vec<&str>> = graph.nodes.iter().map(|node| {
            let mut knot: Vec<_> = graph.nodes.iter().map(|other| other.id.as_str()).filter(|other| {
                reaches(&graph, &node.id, other) && reaches(&graph, other, &node.id)
            }).collect();
            knot.sort_unstable();
            knot
        }).filter(|knot| !knot.is_empty()).collect();
        knots.sort();
        knots.dedup();
        let starts: Vec<_> = knots.iter().map(|knot| format!("workflow contains a cycle: {} ->", knot[0])).collect();
        let found = ordered(&graph).err().unwrap_or_default();
        prop_assert_eq!(found.len(), starts.len());
        for (finding, start) in found.iter().zip(starts) {
            prop_assert!(finding.message.starts_with(&start), "{} / {start}", finding.message);
        }
    }

    #[test]
    fn hostile_graphs_are_ordered_or_refused(graph in hostile()) {
        match ordered(&graph) {
            Ok(order) => prop_assert_eq!(order.sequence.len(), graph.nodes.len()),
            Err(found) => prop_assert!(found.iter().all(Finding::is_error) && !found.is_empty()),
        }
        prop_assert_eq!(types().rank("no such type"), DEFAULT_RANK);
    }
}
