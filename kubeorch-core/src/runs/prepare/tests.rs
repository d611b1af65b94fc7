use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Cache, Prepared};
use crate::graph::{Edge, Graph, Node, Position};
use crate::id::{Raw, WorkflowId};
use crate::plugin::fake::Types;
use crate::plugin::{Error, NodeTypes};

fn workflow(number: usize) -> WorkflowId {
    Raw::derived(&["prepared", &number.to_string()]).into()
}

fn run<T>(future: impl Future<Output = Result<T, Error>>) -> T {
    futures::executor::block_on(future).unwrap()
}

fn prepare(cache: &Cache, types: &dyn NodeTypes, graph: &Graph) -> Prepared {
    run(cache.prepare(types, graph, workflow(0)))
}

fn scratch(types: &dyn NodeTypes, graph: &Graph) -> Prepared {
    prepare(&Cache::default(), types, graph)
}

fn node(id: &str, kind: &str, data: Value) -> Node {
    let Value::Object(data) = data else { panic!("not an object") };
    Node { id: id.into(), kind: kind.into(), position: Position::default(), data }
}

fn edge(source: &str, target: &str) -> Edge {
    let id = format!("{source}-{target}");
    Edge { id, source: source.into(), target: target.into(), ..Edge::default() }
}

/// A widget with settings, and a doorbell in front of it.
fn shop() -> Graph {
    let nodes = vec![
        node("web", "widget", json!({"name": "web", "image": "web:1", "port": 80})),
        node("conf", "gadget", json!({"name": "conf"})),
        node("bell", "doorbell", json!({"name": "bell"})),
        node("other", "widget", json!({"name": "other", "image": "other:1"})),
    ];
    Graph { nodes, edges: vec![edge("web", "conf"), edge("bell", "web")] }
}

/// An edit of the shop, and how many nodes are asked about again: their own facts, findings and rendering, and
/// the latter two of each neighbour that hears something new.
#[test]
fn an_edit_costs_what_it_changes() {
    type Edit = fn(&mut Graph);
    let edits: [(&str, Edit, u64); 9] = [
        ("nothing", |_| {}, 0),
        ("a place on the canvas", |graph| graph.nodes[0].position.x = 7.0, 0),
        ("editor state", |graph| drop(graph.nodes[0].data.insert("_open".into(), json!(true))), 0),
        ("data", |graph| drop(graph.nodes[0].data.insert("image".into(), json!("web:2"))), 3),
        (
            "what neighbours see",
            |graph| drop(graph.nodes[0].data.insert("port".into(), json!(81))),
            3 + 2 * 2,
        ),
        ("an edge", |graph| graph.edges.push(edge("other", "conf")), 2 * 2),
        ("an edge less", |graph| drop(graph.edges.pop()), 2 * 2),
        ("a node", |graph| graph.nodes.insert(0, node("new", "gadget", json!({"name": "new"}))), 3),
        ("the order", |graph| graph.nodes.reverse(), 0),
    ];
    let types = Types::toys();
    for (what, edit, calls) in edits {
        let (cache, mut graph) = (Cache::default(), shop());
        prepare(&cache, &types, &graph);
        let before = types.calls();
        edit(&mut graph);
        let prepared = prepare(&cache, &types, &graph);
        assert_eq!(types.calls() - before, calls, "{what}");
        assert_eq!(prepared, scratch(&types, &graph), "{what}");
    }
}

/// Another plugin of the same name may answer otherwise.
#[test]
fn exchanged_types_are_asked_again() {
    let (cache, graph) = (Cache::default(), shop());
    let (old, new) = (Types::toys(), Types::toys());
    prepare(&cache, &old, &graph);
    prepare(&cache, &new, &graph);
    assert_eq!(new.calls(), old.calls());
}

#[test]
fn the_cache_is_bounded_by_weight_and_forgets_the_longest_unused() {
    let (types, graph) = (Types::toys(), shop());
    let one = Cache::default();
    prepare(&one, &types, &graph);
    let weight = one.weight().1;
    let cache = Cache::new(3 * weight);
    let ask = |number| run(cache.prepare(&types, &graph, workflow(number)));
    for number in [0, 1, 2, 0, 3] {
        ask(number);
        assert!(cache.weight().1 <= 3 * weight);
    }
    assert_eq!(cache.weight(), (3, 3 * weight));
    for (number, known) in [(0, true), (2, true), (3, true), (1, false)] {
        let before = types.calls();
        ask(number);
        assert_eq!(types.calls() == before, known, "workflow {number}");
    }
    let none = Cache::new(weight - 1);
    prepare(&none, &types, &graph);
    assert_eq!(none.weight(), (0, 0), "larger than all may be");
}

/// Ids and names are few, so that they collide.
fn apply(graph: &mut Graph, (what, at, with): (u8, usize, usize)) {
    const KINDS: [&str; 5] = ["widget", "gadget", "locket", "doorbell", "nobody"];
    let (count, id) = (graph.nodes.len(), |number: usize| format!("n{}", number % 9));
    let value = |member: &str| match member {
        "name" => json!(format!("name{}", with % 5)),
        "namespace" => json!(["default", "shop", "lab"][with % 3]),
        "gadgetId" => json!(id(with)),
        "keys" | "envKeys" => json!([{"name": "KEY", "generate": with % 4}, {"name": format!("K{with}")}]),
        "image" => json!(["", "a:1", "b:2"][with % 3]),
        "deep" => (0..40 + with % 50).fold(json!(0.0), |inner, _| json!([inner])),
        "sign" => json!([0.0, -0.0][with % 2]),
        _ => json!(with),
    };
    let members =
        ["name", "namespace", "image", "port", "gadgetId", "keys", "envKeys", "_state", "deep", "sign"];
    match what % 12 {
        0 | 1 if count < 9 => {
            let data = json!({"name": format!("name{}", at % 5), "image": "a:1"});
            graph.nodes.insert(at % (count + 1), node(&id(with), KINDS[at % 5], data));
        }
        2 if count > 0 => drop(graph.nodes.remove(at % count)),
        3 if count > 0 => graph.nodes.swap(at % count, with % count),
        4 | 5 => graph.edges.push(Edge { id: format!("e{}", with % 30), ..edge(&id(at), &id(with)) }),
        6 if !graph.edges.is_empty() => drop(graph.edges.remove(at % graph.edges.len())),
        7 if !graph.edges.is_empty() => {
            let last = graph.edges.len() - 1;
            let data = json!({"injectAs": with % 3}).as_object().cloned();
            graph.edges[at % (last + 1)].data = data;
        }
        8 if count > 0 => graph.nodes[at % count].kind = KINDS[with % 5].into(),
        _ if count > 0 => {
            let member = members[(at / 7) % members.len()];
            let data = &mut graph.nodes[at % count].data;
            if with % 11 == 0 {
                data.shift_remove(member);
            }
            data.insert(member.into(), value(member));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_remembered_changes_no_result(edits in vec((any::<u8>(), 0..1000_usize, 0..1000_usize), 1..60)) {
        let (types, cache) = (Types::toys(), Cache::default());
        let mut graph = shop();
        for edit in edits {
            apply(&mut graph, edit);
            let (known, anew) = (prepare(&cache, &types, &graph), scratch(&types, &graph));
            // As text, because maps are equal in any order.
            prop_assert_eq!(format!("{known:?}"), format!("{anew:?}"), "{:?}", edit);
            //ORACLE
        }
    }
}
