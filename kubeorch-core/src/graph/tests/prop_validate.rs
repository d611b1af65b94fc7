//! A sound graph passes, every fault is found whatever else is wrong, and nothing makes the checks panic.

use std::collections::HashMap;

use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::config;
use super::examples::types;
use super::strategies::{ALL, graph, hostile, shuffled, value};
use crate::error::Finding;
use crate::graph::{Edge, Graph, Limits, Links, diff, order, validate};

fn check(graph: &Graph) -> Vec<Finding> {
    validate(graph, &types(), &Limits::default())
}

fn errors(graph: &Graph) -> Vec<Finding> {
    check(graph).into_iter().filter(Finding::is_error).collect()
}

type Fault = fn(&mut Graph);

/// Faults by the code that must be found, each put into a graph that had none.
const FAULTS: [(&str, Fault); 12] = [
    ("node.id_missing", |graph| graph.nodes.push(node(""))),
    ("node.id_duplicate", |graph| graph.nodes.extend([node("twin"), node("twin")])),
    ("node.id_too_long", |graph| graph.nodes.push(node(&"x".repeat(254)))),
    ("node.id_invalid", |graph| graph.nodes.push(node("tab\t"))),
    ("node.type_missing", |graph| {
        graph.nodes.push(crate::graph::Node { kind: String::new(), ..node("untyped") });
    }),
    ("node.type_unknown", |graph| {
        graph.nodes.push(crate::graph::Node { kind: "nope".into(), ..node("foreign") });
    }),
    ("node.position_invalid", |graph| {
        let mut far = node("far");
        far.position.y = f64::NEG_INFINITY;
        graph.nodes.push(far);
    }),
    ("node.data_too_deep", |graph| {
        let mut deep = node("deep");
        deep.data.insert("x".into(), (0..64).fold(json!(1), |inner, _| json!([inner])));
        graph.nodes.push(deep);
    }),
    ("node.data_too_large", |graph| {
        let mut large = node("large");
        large.data.insert("x".into(), Value::from("x".repeat(1 << 20)));
        graph.nodes.push(large);
    }),
    ("edge.self", |graph| join(graph, "self", "selfish", "selfish")),
    ("edge.target_unknown", |graph| join(graph, "dangling", "start", "nowhere")),
    ("edge.duplicate", |graph| {
        join(graph, "first", "from", "to");
        graph.edges.push(Edge { id: "second".into(), ..graph.edges[graph.edges.len() - 1].clone() });
    }),
];

fn node(id: &str) -> crate::graph::Node {
    serde_json::from_value(json!({"id": id, "type": "deployment"})).unwrap()
}

/// Adds an edge, and its ends but for `nowhere`.
fn join(graph: &mut Graph, id: &str, source: &str, target: &str) {
    for end in [source, target] {
        if end != "nowhere" && graph.node(end).is_none() {
            graph.nodes.push(node(end));
        }
    }
    graph.edges.push(Edge { id: id.into(), source: source.into(), target: target.into(), ..Edge::default() });
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_sound_graph_has_no_errors(graph in graph(&ALL)) {
        prop_assert_eq!(errors(&graph), []);
    }

    #[test]
    fn warnings_are_exactly_the_pairs_without_meaning(graph in graph(&ALL)) {
        let types = types();
        let links = Links::resolve(&graph, &types, &HashMap::new());
        let silent: Vec<_> = links.all().iter().filter(|link| link.relation.is_none()).map(|link| &graph.edges[link.edge.unwrap()].id).collect();
        let found = check(&graph);
        prop_assert!(found.iter().all(|finding| finding.code == "edge.no_meaning"));
        prop_assert_eq!(found.iter().map(|finding| finding.edge.as_ref().unwrap()).collect::<Vec<_>>(), silent);
    }

    #[test]
    fn every_fault_is_found_together_with_the_others(graph in graph(&ALL), faults in btree_set(0..FAULTS.len(), 1..5)) {
        let mut graph = graph;
        for &fault in &faults {
            FAULTS[fault].1(&mut graph);
        }
        let mut found: Vec<_> = errors(&graph).into_iter().map(|finding| finding.code).collect();
        found.sort();
        let mut expected: Vec<_> = faults.iter().map(|&fault| FAULTS[fault].0).collect();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn findings_do_not_depend_on_the_order_of_a_sound_graph(graph in graph(&ALL), seed: u64) {
        let sorted = |graph: &Graph| {
            let mut texts: Vec<_> = check(graph).iter().map(ToString::to_string).collect();
            texts.sort();
            texts
        };
        prop_assert_eq!(sorted(&graph), sorted(&shuffled(&graph, seed)));
    }

    #[test]
    fn every_finding_has_an_address_and_a_code(graph in hostile()) {
        for finding in check(&graph) {
            prop_assert!(finding.node.is_some() != finding.edge.is_some(), "{finding:?}");
            let part = finding.code.split_once('.').unwrap().0;
            prop_assert_eq!(part, if finding.node.is_some() { "node" } else { "edge" });
            prop_assert!(!finding.message.is_empty() && !finding.message.contains(char::is_control));
        }
    }

    #[test]
    fn findings_are_capped_and_keep_an_error(graph in hostile(), limit in 1usize..6) {
        let all = check(&graph);
        let some = validate(&graph, &types(), &Limits { findings: limit, ..Limits::default() });
        prop_assert_eq!(some.len(), all.len().min(limit));
        prop_assert_eq!(some.iter().any(Finding::is_error), all.iter().any(Finding::is_error));
        if all.len() > limit {
            let rest = format!("{} more findings", all.len() - (limit - 1));
            prop_assert!(some.last().unwrap().message.starts_with(&rest));
        }
    }

    #[test]
    fn a_graph_without_errors_links_every_edge(graph in hostile()) {
        if errors(&graph).is_empty() {
            let types = types();
            prop_assert_eq!(Links::resolve(&graph, &types, &HashMap::new()).all().len(), graph.edges.len());
        }
    }

    #[test]
    fn a_misspelt_type_is_guessed(kind in select(&ALL[..]), at: usize) {
        let mut wrong = kind.to_owned();
        wrong.remove(at % kind.len());
        let mut graph = Graph { nodes: vec![node("a")], edges: Vec::new() };
        graph.nodes[0].kind = wrong;
        let found = check(&graph);
        prop_assert!(found[0].hint.contains(kind), "{found:?}");
    }

    #[test]
    fn any_json_that_is_a_graph_can_go_through_everything(nodes in value(), edges in value(), data in value()) {
        let candidates = [
            json!({"nodes": nodes, "edges": edges}),
            json!({"nodes": [{"id": "a", "type": "deployment", "data": data}], "edges": edges}),
            data,
        ];
        let types = types();
        for graph in candidates.into_iter().filter_map(|value| serde_json::from_value::<Graph>(value).ok()) {
            let mut graph = graph;
            check(&graph);
            graph.trim();
            graph.arrange();
            let _ = order(&graph, &types, &Links::resolve(&graph, &types, &HashMap::new()));
            prop_assert!(diff(&graph, &graph.snapshot()).is_empty());
            prop_assert_eq!(graph.snapshot().snapshot_hash(), graph.snapshot_hash());
        }
    }
}
