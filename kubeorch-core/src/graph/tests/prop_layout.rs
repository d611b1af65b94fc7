//! Boxes never overlap, what somebody placed stays, and the picture does not depend on chance.

use proptest::prelude::*;

use super::config;
use super::strategies::{ALL, acyclic, graph, hostile, shuffled};
use crate::graph::{Graph, NODE_HEIGHT, NODE_WIDTH, Position};

fn unplaced(graph: Graph) -> Graph {
    let mut graph = graph;
    graph.nodes.iter_mut().for_each(|node| node.position = Position::default());
    graph
}

fn overlap(left: Position, right: Position) -> bool {
    (left.x - right.x).abs() < NODE_WIDTH && (left.y - right.y).abs() < NODE_HEIGHT
}

fn all_apart(graph: &Graph) -> bool {
    graph
        .nodes
        .iter()
        .enumerate()
        .all(|(at, node)| graph.nodes[at + 1..].iter().all(|other| !overlap(node.position, other.position)))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn boxes_do_not_overlap(graph in graph(&ALL)) {
        let mut graph = unplaced(graph);
        graph.arrange();
        prop_assert!(all_apart(&graph));
    }

    #[test]
    fn layout_does_not_depend_on_any_order(graph in graph(&ALL), seed: u64) {
        let mut graph = unplaced(graph);
        let mut other = shuffled(&graph, seed);
        graph.arrange();
        other.arrange();
        for node in &graph.nodes {
            prop_assert_eq!(other.node(&node.id).unwrap().position, node.position);
        }
    }

    #[test]
    fn edges_run_to_the_right(graph in acyclic(&ALL)) {
        let mut graph = unplaced(graph);
        graph.arrange();
        for edge in &graph.edges {
            let x = |id| graph.node(id).unwrap().position.x;
            prop_assert!(x(&edge.source) + NODE_WIDTH < x(&edge.target));
        }
    }

    #[test]
    fn a_layout_is_final(graph in hostile()) {
        let mut graph = graph;
        graph.arrange();
        let before: Vec<_> = graph.nodes.iter().map(|node| node.position).collect();
        prop_assert_eq!(graph.arrange(), 0);
        let after: Vec<_> = graph.nodes.iter().map(|node| node.position).collect();
        prop_assert_eq!(after, before);
    }

    #[test]
    fn placed_nodes_stay_and_new_ones_avoid_them(graph in graph(&ALL), new in 2usize..6) {
        let mut graph = graph;
        for node in &mut graph.nodes {
            node.position.x += 5000.0;
        }
        let placed = graph.clone();
        for at in 0..new {
            let id = format!("new{at}");
            graph.nodes.push(crate::graph::Node { id, kind: "plugin".into(), position: Position::default(), data: serde_json::Map::new() });
        }
        prop_assert_eq!(graph.arrange(), new);
        prop_assert_eq!(&graph.nodes[..placed.nodes.len()], &placed.nodes[..]);
        for (at, fresh) in graph.nodes.iter().enumerate().skip(placed.nodes.len()) {
            prop_assert!(graph.nodes[..at].iter().all(|other| !overlap(fresh.position, other.position)));
        }
    }

    #[test]
    fn hostile_graphs_get_finite_positions(graph in hostile()) {
        let mut graph = graph;
        graph.arrange();
        prop_assert!(graph.nodes.iter().all(|node| node.position.x.is_finite() && node.position.y.is_finite()));
    }

    #[test]
    fn layout_touches_positions_only(graph in graph(&ALL)) {
        let mut arranged = unplaced(graph.clone());
        arranged.arrange();
        prop_assert_eq!(arranged.content_hash(), graph.content_hash());
        prop_assert_eq!(arranged.edges, graph.edges);
    }
}
