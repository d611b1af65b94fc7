//! A snapshot holds all content and no state; trimming touches three members and nothing else.

use proptest::prelude::*;
use serde_json::Value;

use super::config;
use super::strategies::{ALL, graph, hostile, value};
use crate::graph::{Graph, diff};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn snapshot_is_idempotent(graph in hostile()) {
        let once = graph.snapshot();
        // Positions may be no numbers, which never equal themselves: compare what can be seen.
        prop_assert_eq!(format!("{:?}", once.snapshot()), format!("{once:?}"));
    }

    #[test]
    fn snapshot_holds_no_state(graph in graph(&ALL)) {
        for node in graph.snapshot().nodes {
            for name in node.data.keys() {
                prop_assert!(!name.starts_with('_') || name.starts_with("_linked"), "{name}");
                prop_assert!(name != "parameters" && name != "hasValidationError");
            }
        }
    }

    #[test]
    fn snapshot_keeps_everything_else(graph in graph(&ALL)) {
        let snapshot = graph.snapshot();
        prop_assert_eq!(&snapshot.edges, &graph.edges);
        prop_assert_eq!(snapshot.nodes.len(), graph.nodes.len());
        for (kept, node) in snapshot.nodes.iter().zip(&graph.nodes) {
            prop_assert_eq!((&kept.id, &kept.kind, kept.position), (&node.id, &node.kind, node.position));
            for (name, value) in node.data.iter().filter(|(name, _)| !name.starts_with('_')) {
                let state = name == "parameters" || name == "hasValidationError";
                prop_assert_eq!(kept.data.get(name), (!state).then_some(value));
            }
        }
    }

    #[test]
    fn snapshot_keeps_nested_members_that_look_like_state(graph in graph(&ALL), value in value()) {
        let mut graph = graph;
        for node in &mut graph.nodes {
            node.data.insert("env".into(), serde_json::json!({"_x": value.clone(), "parameters": 1}));
        }
        for node in graph.snapshot().nodes {
            prop_assert_eq!(&node.data["env"]["_x"], &value);
            prop_assert_eq!(&node.data["env"]["parameters"], 1);
        }
    }

    #[test]
    fn snapshot_has_the_hashes_of_its_graph(graph in graph(&ALL)) {
        prop_assert_eq!(graph.snapshot().content_hash(), graph.content_hash());
        prop_assert_eq!(graph.snapshot().snapshot_hash(), graph.snapshot_hash());
    }

    #[test]
    fn snapshot_does_not_differ_from_its_graph(graph in graph(&ALL)) {
        prop_assert!(diff(&graph, &graph.snapshot()).is_empty());
    }

    #[test]
    fn stored_graphs_read_back_whole(graph in graph(&ALL)) {
        let back: Graph = serde_json::from_slice(&serde_json::to_vec(&graph).unwrap()).unwrap();
        prop_assert_eq!(back, graph);
    }

    #[test]
    fn stored_data_keeps_the_order_of_members(graph in graph(&ALL)) {
        let back: Graph = serde_json::from_slice(&serde_json::to_vec(&graph).unwrap()).unwrap();
        for (back, node) in back.nodes.iter().zip(&graph.nodes) {
            prop_assert!(back.data.keys().eq(node.data.keys()));
        }
    }

    #[test]
    fn trim_is_idempotent_and_leaves_no_blanks(graph in graph(&ALL)) {
        let mut once = graph;
        once.trim();
        for node in &once.nodes {
            for text in ["name", "namespace", "image"].iter().filter_map(|name| node.data.get(*name)?.as_str()) {
                prop_assert_eq!(text, text.trim());
            }
        }
        let mut twice = once.clone();
        twice.trim();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn trim_changes_nothing_else(graph in graph(&ALL)) {
        let mut trimmed = graph.clone();
        trimmed.trim();
        for (node, before) in trimmed.nodes.iter_mut().zip(&graph.nodes) {
            for name in ["name", "namespace", "image"] {
                if let Some(old @ Value::String(text)) = before.data.get(name) {
                    prop_assert_eq!(node.data[name].as_str(), Some(text.trim()));
                    node.data.insert(name.to_owned(), old.clone());
                }
            }
        }
        prop_assert_eq!(trimmed, graph);
    }
}
