//! Links depend on the types of their ends alone, and both ends see them.

use std::collections::{BTreeMap, HashMap};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::config;
use super::examples::types;
use super::strategies::{ALL, CORE, graph, hostile, shuffled};
use crate::graph::{Direction, Graph, Links, Neighbour};

type References = HashMap<String, Vec<String>>;

fn references() -> impl Strategy<Value = References> {
    let id = || (0..12).prop_map(|at| format!("n{at}"));
    proptest::collection::hash_map(id(), vec(id(), 0..4), 0..5)
}

/// What each node sees, in words that do not depend on the order of nodes and edges.
fn seen(graph: &Graph, links: &Links, each: impl Fn(&Neighbour) -> String) -> BTreeMap<String, Vec<String>> {
    let of = |node| links.of(node).map(|link| format!("{} {}", graph.nodes[link.peer].id, each(&link)));
    graph.nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), of(at).collect())).collect()
}

fn whole(graph: &Graph) -> impl Fn(&Neighbour) -> String {
    |link| {
        let edge = link.edge.map(|edge| graph.edges[edge].id.clone());
        format!("{edge:?} {:?} {:?} {}", link.direction, link.role, link.declared_here)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_turned_edge_means_the_same(graph in graph(&CORE), turn: u64) {
        let types = types();
        let mut turned = graph.clone();
        for (at, edge) in turned.edges.iter_mut().enumerate() {
            if turn >> (at % 64) & 1 == 1 {
                std::mem::swap(&mut edge.source, &mut edge.target);
            }
        }
        let meaning = |link: &Neighbour| format!("{:?} {:?} {}", link.edge, link.role, link.declared_here);
        let none = References::new();
        prop_assert_eq!(
            seen(&graph, &Links::resolve(&graph, &types, &none), meaning),
            seen(&turned, &Links::resolve(&turned, &types, &none), meaning)
        );
    }

    #[test]
    fn a_pair_of_types_means_the_same_both_ways(left in select(&ALL[..]), right in select(&ALL[..])) {
        let types = types();
        let (there, back) = (types.relate(left, right), types.relate(right, left));
        prop_assert_eq!(there.map(|relation| relation.role), back.map(|relation| relation.role));
        if let (Some(there), Some(back)) = (there, back) && left != right {
            prop_assert_ne!(there.declared_by, back.declared_by);
        }
    }

    #[test]
    fn links_do_not_depend_on_any_order(graph in graph(&ALL), named in references(), seed: u64) {
        let (types, other) = (types(), shuffled(&graph, seed));
        prop_assert_eq!(
            seen(&graph, &Links::resolve(&graph, &types, &named), whole(&graph)),
            seen(&other, &Links::resolve(&other, &types, &named), whole(&other))
        );
    }

    #[test]
    fn every_edge_of_a_valid_graph_is_one_link(graph in graph(&ALL), named in references()) {
        let types = types();
        let links = Links::resolve(&graph, &types, &named);
        let edges: Vec<_> = links.all().iter().filter_map(|link| link.edge).collect();
        prop_assert!(edges.into_iter().eq(0..graph.edges.len()));
    }

    #[test]
    fn both_ends_see_a_link(graph in graph(&ALL), named in references()) {
        let types = types();
        let links = Links::resolve(&graph, &types, &named);
        for node in 0..graph.nodes.len() {
            for link in links.of(node) {
                let back: Vec<_> = links.of(link.peer).filter(|other| other.peer == node && other.edge == link.edge).collect();
                prop_assert_eq!(back.len(), 1);
                prop_assert_eq!(back[0].role, link.role);
                let directions = (link.direction, back[0].direction);
                prop_assert!(matches!(
                    directions,
                    (Direction::Out, Direction::In) | (Direction::In, Direction::Out) | (Direction::Reference, Direction::Reference)
                ));
            }
        }
        let ends: usize = (0..graph.nodes.len()).map(|node| links.of(node).len()).sum();
        prop_assert_eq!(ends, 2 * links.all().len());
    }

    #[test]
    fn exactly_one_end_declares_a_role(graph in graph(&ALL), named in references()) {
        let types = types();
        let links = Links::resolve(&graph, &types, &named);
        for node in 0..graph.nodes.len() {
            for link in links.of(node) {
                let back = links.of(link.peer).find(|other| other.peer == node && other.edge == link.edge).unwrap();
                prop_assert_eq!(link.declared_here != back.declared_here, link.role.is_some());
            }
        }
    }

    #[test]
    fn the_declaring_type_has_the_role(graph in graph(&ALL)) {
        let types = types();
        let links = Links::resolve(&graph, &types, &References::new());
        for node in 0..graph.nodes.len() {
            for link in links.of(node).filter(|link| link.declared_here) {
                let rules = &types.info(&graph.nodes[node].kind).unwrap().links;
                prop_assert!(rules.iter().any(|rule| Some(rule.role.as_str()) == link.role));
            }
        }
    }

    #[test]
    fn neighbours_are_sorted_by_peer_and_edge(graph in graph(&ALL), named in references()) {
        let types = types();
        let links = Links::resolve(&graph, &types, &named);
        for node in 0..graph.nodes.len() {
            let keys: Vec<_> = links
                .of(node)
                .map(|link| (&graph.nodes[link.peer].id, link.edge.map(|edge| &graph.edges[edge].id)))
                .collect();
            prop_assert!(keys.is_sorted_by(|left, right| left < right));
        }
    }

    #[test]
    fn references_never_repeat_an_edge_or_each_other(graph in graph(&ALL), named in references()) {
        let types = types();
        let links = Links::resolve(&graph, &types, &named);
        for node in 0..graph.nodes.len() {
            for link in links.of(node).filter(|link| link.edge.is_none()) {
                prop_assert_eq!(links.of(node).filter(|other| other.peer == link.peer).count(), 1);
            }
        }
    }

    #[test]
    fn every_named_node_is_a_neighbour_or_a_finding(graph in graph(&ALL), named in references()) {
        let types = types();
        let links = Links::resolve(&graph, &types, &named);
        for (at, node) in graph.nodes.iter().enumerate() {
            for name in named.get(&node.id).into_iter().flatten().filter(|name| **name != node.id) {
                let linked = links.of(at).any(|link| graph.nodes[link.peer].id == *name);
                let found = links.findings().iter().any(|finding| {
                    finding.node.as_ref() == Some(&node.id) && finding.message == format!("points at {name}, which is not there")
                });
                prop_assert_eq!((linked, found), (graph.node(name).is_some(), graph.node(name).is_none()));
            }
        }
    }

    #[test]
    fn hostile_graphs_link_only_what_exists(graph in hostile(), named in references()) {
        let types = types();
        for link in Links::resolve(&graph, &types, &named).all() {
            prop_assert!(link.source != link.target);
            if let Some(edge) = link.edge {
                prop_assert_eq!(&graph.edges[edge].source, &graph.nodes[link.source].id);
                prop_assert_eq!(&graph.edges[edge].target, &graph.nodes[link.target].id);
            }
        }
    }
}
