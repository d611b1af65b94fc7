//! Equal content has one text and one hash; any other content has another.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::config;
use super::strategies::{ALL, data, edited, graph, hostile, rewritten, shuffled, value};
use crate::graph::{Edge, Graph, Hash, canonical};

fn text(value: &Value) -> String {
    canonical::to_string(value)
}

/// All objects of a value, outermost first.
fn objects(value: &Value) -> Vec<&serde_json::Map<String, Value>> {
    match value {
        Value::Object(map) => std::iter::once(map).chain(map.values().flat_map(objects)).collect(),
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn canonical_text_reads_back_as_the_same_value(value in value()) {
        let back: Value = serde_json::from_str(&text(&value)).unwrap();
        prop_assert!(canonical::same(&value, &back), "{value} / {back}");
    }

    #[test]
    fn canonical_text_is_a_fixed_point(value in value()) {
        let back: Value = serde_json::from_str(&text(&value)).unwrap();
        prop_assert_eq!(text(&back), text(&value));
    }

    #[test]
    fn canonical_text_ignores_member_order_and_number_form(value in value(), seed: u64) {
        prop_assert_eq!(text(&rewritten(&value, seed)), text(&value));
    }

    #[test]
    fn canonical_text_ignores_white_space(value in value()) {
        let spaced: Value = serde_json::from_str(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(text(&spaced), text(&value));
    }

    #[test]
    fn canonical_members_are_sorted_by_utf16(value in value()) {
        let back: Value = serde_json::from_str(&text(&value)).unwrap();
        for map in objects(&back) {
            let names: Vec<Vec<u16>> = map.keys().map(|name| name.encode_utf16().collect()).collect();
            prop_assert!(names.is_sorted());
        }
    }

    #[test]
    fn canonical_text_is_never_longer_than_compact_json(value in value()) {
        let rounded: Value = serde_json::from_str(&text(&value)).unwrap();
        prop_assert!(text(&value).len() <= serde_json::to_string(&rounded).unwrap().len());
    }

    #[test]
    fn values_are_the_same_exactly_when_their_texts_are(left in value(), right in value(), seed: u64) {
        prop_assert_eq!(canonical::same(&left, &right), text(&left) == text(&right));
        prop_assert!(canonical::same(&left, &rewritten(&left, seed)));
    }

    #[test]
    fn sameness_is_symmetric(left in value(), right in value()) {
        prop_assert_eq!(canonical::same(&left, &right), canonical::same(&right, &left));
    }

    #[test]
    fn integers_and_doubles_compare_by_value(number: i32) {
        prop_assert!(canonical::same(&json!(number), &json!(f64::from(number))));
        prop_assert!(!canonical::same(&json!(number), &json!(f64::from(number) + 0.5)));
    }

    #[test]
    fn big_integers_keep_every_digit(number: u64) {
        prop_assert_eq!(text(&json!(number)), number.to_string());
        prop_assert_ne!(Hash::of(&json!(number)), Hash::of(&json!(number ^ 1)));
    }

    #[test]
    fn doubles_survive_their_text(number: f64) {
        prop_assume!(number.is_finite());
        let back: f64 = text(&json!(number)).parse().unwrap();
        prop_assert!(back.total_cmp(&number).is_eq() || number == 0.0, "{number} / {back}");
    }

    #[test]
    fn hash_of_a_graph_ignores_every_order(graph in graph(&ALL), seed: u64) {
        let other = shuffled(&graph, seed);
        prop_assert_eq!(other.content_hash(), graph.content_hash());
        prop_assert_eq!(other.snapshot_hash(), graph.snapshot_hash());
    }

    #[test]
    fn hash_of_a_hostile_graph_ignores_every_order(graph in hostile(), seed: u64) {
        prop_assert_eq!(shuffled(&graph, seed).content_hash(), graph.content_hash());
        prop_assert_eq!(shuffled(&graph, seed).snapshot_hash(), graph.snapshot_hash());
    }

    #[test]
    fn hash_survives_storing_and_reading(graph in graph(&ALL)) {
        let back: Graph = serde_json::from_slice(&serde_json::to_vec(&graph).unwrap()).unwrap();
        prop_assert_eq!(back.snapshot_hash(), graph.snapshot_hash());
        prop_assert_eq!(back.content_hash(), graph.content_hash());
    }

    #[test]
    fn content_hash_is_that_of_the_graph_as_json(graph in graph(&ALL)) {
        let mut sorted = graph.snapshot();
        sorted.nodes.sort_by(|left, right| left.id.cmp(&right.id));
        sorted.edges.sort_by(|left, right| left.id.cmp(&right.id));
        let mut value = serde_json::to_value(&sorted).unwrap();
        prop_assert_eq!(Hash::of(&value), graph.snapshot_hash());
        for node in value["nodes"].as_array_mut().unwrap() {
            node.as_object_mut().unwrap().remove("position");
        }
        prop_assert_eq!(Hash::of(&value), graph.content_hash());
    }

    #[test]
    fn content_hash_ignores_positions_and_the_snapshot_hash_does_not(graph in graph(&ALL), at: usize) {
        prop_assume!(!graph.nodes.is_empty());
        let mut moved = graph.clone();
        moved.nodes[at % graph.nodes.len()].position.x += 0.25;
        prop_assert_eq!(moved.content_hash(), graph.content_hash());
        prop_assert_ne!(moved.snapshot_hash(), graph.snapshot_hash());
    }

    #[test]
    fn content_hash_ignores_state(graph in graph(&ALL), state in value()) {
        let mut running = graph.clone();
        for node in &mut running.nodes {
            for member in ["_status", "_secretCreated", "parameters", "hasValidationError", "_"] {
                node.data.insert(member.to_owned(), state.clone());
            }
        }
        prop_assert_eq!(running.content_hash(), graph.content_hash());
    }

    #[test]
    fn content_hash_sees_every_data_member(graph in graph(&ALL), at: usize, value in value()) {
        prop_assume!(!graph.nodes.is_empty());
        for member in ["replicas", "_linkedService", "other"] {
            let mut changed = graph.clone();
            let data = &mut changed.nodes[at % graph.nodes.len()].data;
            let old = data.insert(member.to_owned(), value.clone());
            let equal = old.is_some_and(|old| canonical::same(&old, &value));
            prop_assert_eq!(changed.content_hash() == graph.content_hash(), equal);
        }
    }

    #[test]
    fn content_hash_sees_types(graph in graph(&ALL), at: usize) {
        prop_assume!(!graph.nodes.is_empty());
        let mut changed = graph.clone();
        changed.nodes[at % graph.nodes.len()].kind.push('x');
        prop_assert_ne!(changed.content_hash(), graph.content_hash());
    }

    #[test]
    fn content_hash_sees_nodes_come_and_go(graph in graph(&ALL), at: usize) {
        prop_assume!(!graph.nodes.is_empty());
        let mut fewer = graph.clone();
        fewer.nodes.remove(at % graph.nodes.len());
        prop_assert_ne!(fewer.content_hash(), graph.content_hash());
    }

    #[test]
    fn content_hash_sees_every_part_of_an_edge(graph in graph(&ALL), at: usize, data in data()) {
        prop_assume!(!graph.edges.is_empty());
        let at = at % graph.edges.len();
        let changes: [&dyn Fn(&mut Edge); 7] = [
            &|edge| edge.id.push('x'),
            &|edge| edge.source.push('x'),
            &|edge| edge.target.push('x'),
            &|edge| edge.source_handle = Some("other".into()),
            &|edge| edge.target_handle = Some("other".into()),
            &|edge| edge.kind = Some("exec".into()),
            &|edge| { edge.data.get_or_insert(data.clone()).insert("other".into(), json!(1)); },
        ];
        let mut hashes = vec![graph.content_hash()];
        for change in changes {
            let mut changed = graph.clone();
            change(&mut changed.edges[at]);
            hashes.push(changed.content_hash());
        }
        let mut fewer = graph.clone();
        fewer.edges.remove(at);
        hashes.push(fewer.content_hash());
        let count = hashes.len();
        hashes.sort();
        hashes.dedup();
        prop_assert_eq!(hashes.len(), count);
    }

    #[test]
    fn node_hash_changes_exactly_with_the_nodes_content((old, new) in edited()) {
        for (old, new) in old.nodes.iter().filter_map(|old| Some((old, new.node(&old.id)?))) {
            let (kept, now) = (old.snapshot(), new.snapshot());
            let equal = kept.kind == now.kind && canonical::same_map(&kept.data, &now.data);
            prop_assert_eq!(old.content_hash() == new.content_hash(), equal);
        }
    }

    #[test]
    fn hash_text_reads_back(value in value()) {
        let hash = Hash::of(&value);
        prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        let json = serde_json::to_string(&hash).unwrap();
        prop_assert_eq!(json.len(), 66);
        prop_assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), hash);
    }

    #[test]
    fn other_text_is_no_hash(text in "[0-9a-fA-Fg\u{e4}]{0,70}") {
        let good = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        prop_assert_eq!(text.parse::<Hash>().is_ok(), good);
    }
}
