//! Small graphs written as text, with what must come of them.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::graph::{
    Direction, Graph, Limits, Links, Node, Rule, TypeInfo, Types, canonical, order, validate,
};

/// Types in the manner of the core plugin.
pub(super) fn types() -> Types {
    let rules = |rules: &[(&str, &[&str])]| {
        let rule = |(role, peers): &(&str, &[&str])| Rule {
            role: (*role).to_owned(),
            peers: peers.iter().map(|&peer| peer.to_owned()).collect(),
        };
        rules.iter().map(rule).collect::<Vec<_>>()
    };
    let info = |name: &str, rank, traits: &[&str], links| TypeInfo {
        name: name.to_owned(),
        traits: traits.iter().map(|&group| group.to_owned()).collect(),
        rank,
        links,
    };
    [
        info("configmap", 10, &["mountable"], rules(&[("mounts", &["trait:pods"])])),
        info("secret", 10, &["mountable"], rules(&[("mounts", &["trait:pods"])])),
        info("service", 20, &[], rules(&[("selects", &["deployment", "trait:pods"])])),
        info("deployment", 30, &["pods", "scalable"], rules(&[])),
        info("statefulset", 31, &["pods", "scalable"], rules(&[("governed-by", &["service"])])),
        info("hpa", 40, &[], rules(&[("scales", &["trait:scalable"])])),
        info("ingress", 40, &[], rules(&[("routes", &["service"])])),
        info("plugin", 50, &[], rules(&[])),
        info("stage", 50, &[], rules(&[("follows", &["stage"])])),
    ]
    .into_iter()
    .collect()
}

/// `"web:deployment svc:service; svc>web"`: nodes, then edges, whose ids are their texts.
pub(super) fn graph(text: &str) -> Graph {
    let (nodes, edges) = text.split_once(';').unwrap_or((text, ""));
    let node = |text: &str| {
        let (id, kind) = text.split_once(':').unwrap();
        json!({"id": id, "type": kind, "position": {"x": 0, "y": 0}, "data": {"name": id}})
    };
    let edge = |text: &str| {
        let (source, target) = text.split_once('>').unwrap();
        json!({"id": text, "source": source, "target": target})
    };
    let value = json!({
        "nodes": nodes.split_whitespace().map(node).collect::<Vec<_>>(),
        "edges": edges.split_whitespace().map(edge).collect::<Vec<_>>(),
    });
    serde_json::from_value(value).unwrap()
}

fn references(text: &str) -> HashMap<String, Vec<String>> {
    let mut map: HashMap<String, Vec<String>> = HashMap::new();
    for (from, to) in text.split_whitespace().filter_map(|pair| pair.split_once('>')) {
        map.entry(from.to_owned()).or_default().push(to.to_owned());
    }
    map
}

#[test]
fn graphs_have_these_findings() {
    for (text, expected) in [
        ("", &[][..]),
        ("web:deployment svc:service; svc>web", &[]),
        ("web:deployment svc:service; web>svc", &[]),
        ("a:deployment a:deployment", &["a id: node.id_duplicate"]),
        (":deployment", &[" id: node.id_missing"]),
        ("a:", &["a type: node.type_missing"]),
        ("a:Deployment", &["a type: node.type_unknown (Did you mean deployment?)"]),
        ("a:deploymnet", &["a type: node.type_unknown (Did you mean deployment?)"]),
        (
            "a:zzz",
            &["a type: node.type_unknown (Install a plugin that brings this type, or choose another.)"],
        ),
        ("a:deployment; a>a", &["a>a: edge.self"]),
        ("a:deployment; a>b", &["a>b target: edge.target_unknown"]),
        ("a:deployment; b>c", &["b>c source: edge.source_unknown", "b>c target: edge.target_unknown"]),
        (
            "a:plugin b:plugin; a>b a>b",
            &[
                "a>b: edge.no_meaning",
                "a>b id: edge.id_duplicate",
                "a>b: edge.duplicate (Remove one of them.)",
            ],
        ),
        ("a:deployment b:hpa c:ingress; a>b b>c", &["b>c: edge.no_meaning"]),
    ] {
        let found = validate(&graph(text), &types(), &Limits::default());
        let shown: Vec<String> = found
            .iter()
            .map(|finding| {
                let at = finding.node.as_ref().or(finding.edge.as_ref()).unwrap();
                let field = if finding.field.is_empty() { "" } else { " " };
                let hint =
                    if finding.hint.is_empty() { String::new() } else { format!(" ({})", finding.hint) };
                format!("{at}{field}{}: {}{hint}", finding.field, finding.code)
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }
}

#[test]
fn a_pair_without_meaning_is_told_in_words() {
    let found = validate(&graph("a:plugin b:plugin; a>b"), &types(), &Limits::default());
    assert_eq!(
        found[0].to_string(),
        "edge a>b: an edge between plugin and plugin has no meaning of its own, it is used for order only: a before b"
    );
    assert!(!found[0].is_error());
}

#[test]
fn every_bound_is_kept() {
    let small = Limits { nodes: 2, edges: 1, id: 3, data: 20, depth: 2, findings: 3 };
    let node = |id: &str, data: Value| json!({"id": id, "type": "deployment", "data": data});
    for (value, expected) in [
        (json!({"nodes": [node("a", json!({})), node("b", json!({}))]}), &[][..]),
        (
            json!({"nodes": [node("a", json!({})), node("b", json!({})), node("c", json!({}))]}),
            &["graph.too_many_nodes"],
        ),
        (json!({"nodes": [node("abcd", json!({}))]}), &["node.id_too_long"]),
        (json!({"nodes": [node("a\n", json!({}))]}), &["node.id_invalid"]),
        (json!({"nodes": [node(" a", json!({}))]}), &["node.id_invalid"]),
        (json!({"nodes": [node("a", json!({"b": {"c": 1}}))]}), &[]),
        (json!({"nodes": [node("a", json!({"b": {"c": {}}}))]}), &["node.data_too_deep"]),
        (json!({"nodes": [node("a", json!({"b": "0123456789ab"}))]}), &[]),
        (json!({"nodes": [node("a", json!({"b": "0123456789abc"}))]}), &["node.data_too_large"]),
        (
            json!({"nodes": [node("a", json!({}))], "edges": [
                {"id": "e", "source": "x", "target": "y", "sourceHandle": "long", "data": {"a": [[]]}},
            ]}),
            &["edge.handle_too_long", "edge.data_too_deep", "graph.more_findings"],
        ),
        (
            json!({"edges": [{"id": "e", "source": "", "target": ""}, {"id": "f", "source": "", "target": ""}]}),
            &["graph.too_many_edges"],
        ),
    ] {
        let graph: Graph = serde_json::from_value(value.clone()).unwrap();
        let found = validate(&graph, &types(), &small);
        assert_eq!(found.iter().map(|finding| &finding.code).collect::<Vec<_>>(), expected, "{value}");
    }
    let mut graph = graph("a:deployment");
    graph.nodes[0].position.x = f64::NAN;
    assert_eq!(validate(&graph, &types(), &small)[0].code, "node.position_invalid");
}

#[test]
fn links_mean_what_the_types_of_their_ends_say() {
    for (text, named, node, expected) in [
        ("w:deployment s:service; s>w", "", 0, &["s In selects by peer"][..]),
        ("w:deployment s:service; w>s", "", 0, &["s Out selects by peer"]),
        ("w:deployment s:service; w>s", "", 1, &["w In selects by self"]),
        // Both types declare this pair; naming a type wins over naming a trait.
        ("w:statefulset s:service; s>w", "", 0, &["s In governed-by by self"]),
        ("w:statefulset s:service; w>s", "", 1, &["w In governed-by by peer"]),
        ("a:plugin b:plugin; a>b", "", 1, &["a In - by peer"]),
        ("a:stage b:stage; a>b", "", 0, &["b Out follows by self"]),
        // A reference links; next to an edge, twice, or to itself it adds nothing.
        ("w:deployment s:service", "s>w", 0, &["s Reference selects by peer"]),
        ("w:deployment s:service", "s>w s>w w>s s>s", 0, &["s Reference selects by peer"]),
        ("w:deployment s:service; s>w", "w>s", 0, &["s In selects by peer"]),
        // Sorted by peer, then edge; edges that lead nowhere or back are no links.
        (
            "w:deployment b:service a:service; b>w a>w w>a w>x w>w",
            "",
            0,
            &["a In selects by peer", "a Out selects by peer", "b In selects by peer"],
        ),
    ] {
        let (graph, types) = (graph(text), types());
        let links = Links::resolve(&graph, &types, &references(named));
        let shown: Vec<String> = links
            .of(node)
            .map(|link| {
                let by = if link.declared_here { "self" } else { "peer" };
                let direction = match link.direction {
                    Direction::Out => "Out",
                    Direction::In => "In",
                    Direction::Reference => "Reference",
                };
                format!("{} {direction} {} by {by}", graph.nodes[link.peer].id, link.role.unwrap_or("-"))
            })
            .collect();
        assert_eq!(shown, expected, "{text} / {named}");
        assert_eq!(links.findings(), []);
    }
}

#[test]
fn a_stale_reference_is_a_warning() {
    let (graph, types) = (graph("s:service"), types());
    let links = Links::resolve(&graph, &types, &references("s>gone s>gone other>s"));
    let shown: Vec<String> = links.findings().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["s: points at gone, which is not there"]);
    assert_eq!(links.all(), []);
}

#[test]
fn nodes_are_ordered_like_this() {
    for (text, named, expected) in [
        ("", "", Ok("")),
        ("b:plugin a:plugin", "", Ok("a b")),
        ("i:ingress w:deployment s:service c:configmap", "", Ok("c s w i")),
        // Links follow the ranks whatever their direction.
        ("w:deployment s:service c:configmap h:hpa; w>s w>c h>w", "", Ok("c s w h")),
        // At equal rank the declared peer comes first.
        ("a:stage b:stage; a>b", "", Ok("b a")),
        // Edges without meaning are obeyed, against the ranks too.
        ("a:plugin b:configmap; a>b", "", Ok("a b")),
        ("c:plugin b:plugin a:plugin; c>b b>a", "", Ok("c b a")),
        // References without meaning only follow ranks.
        ("a:plugin b:plugin", "a>b b>a", Ok("a b")),
        ("a:plugin b:plugin; a>b b>a", "", Err("workflow contains a cycle: a -> b -> a")),
        (
            "w:deployment s:service p:plugin; s>w w>p p>s",
            "",
            Err("workflow contains a cycle: p -> s -> w -> p"),
        ),
        (
            "a:plugin b:plugin c:plugin d:plugin e:plugin; a>b b>a b>c c>d d>e e>d",
            "",
            Err("workflow contains a cycle: a -> b -> a; workflow contains a cycle: d -> e -> d"),
        ),
    ] {
        let (graph, types) = (graph(text), types());
        let links = Links::resolve(&graph, &types, &references(named));
        let ids = |nodes: &[usize]| {
            nodes.iter().map(|&node| graph.nodes[node].id.as_str()).collect::<Vec<_>>().join(" ")
        };
        let got = order(&graph, &types, &links).map(|order| ids(&order.sequence));
        let got = got.map_err(|found| {
            let messages: Vec<_> = found.into_iter().map(|finding| finding.message).collect();
            messages.join("; ")
        });
        assert_eq!(got.as_deref().map_err(String::as_str), expected, "{text} / {named}");
    }
}

#[test]
fn a_chain_of_ten_thousand_nodes_in_a_ring_does_not_overflow() {
    let mut ring = Graph::default();
    let id = |at: usize| format!("n{at:05}");
    for at in 0..10_000 {
        let node = json!({"id": id(at), "type": "plugin"});
        ring.nodes.push(serde_json::from_value(node).unwrap());
        let edge = json!({"id": id(at), "source": id(at), "target": id((at + 1) % 10_000)});
        ring.edges.push(serde_json::from_value(edge).unwrap());
    }
    let types = types();
    let links = Links::resolve(&ring, &types, &HashMap::new());
    let found = order(&ring, &types, &links).unwrap_err();
    assert!(found[0].message.ends_with("n00049 -> ... (10000 nodes in all)"), "{}", found[0].message);
}

#[test]
fn canonical_texts_follow_rfc_8785() {
    for (value, expected) in [
        (r#"{"b":1,"a":[true,false,null]}"#, r#"{"a":[true,false,null],"b":1}"#),
        ("1.0", "1"),
        ("-0.0", "0"),
        ("1e2", "100"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("1.5e300", "1.5e+300"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("4.50", "4.5"),
        ("333333333.33333329", "333333333.3333333"),
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        (r#""\u20ac$\u000F\nA'B\"\\\/\u007f""#, "\"€$\\u000f\\nA'B\\\"\\\\/\u{7f}\""),
        // The example of section 3.2.3: a surrogate pair sorts before U+FB33.
        (
            r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
        ),
    ] {
        let value: Value = serde_json::from_str(value).unwrap();
        assert_eq!(canonical::to_string(&value), expected);
    }
}

#[test]
fn a_known_graph_keeps_its_hash() {
    let mut known = graph("web:deployment svc:service; svc>web");
    // Made with: printf '%s' '<canonical text>' | sha256sum.
    let text = r#"{"edges":[{"id":"svc>web","source":"svc","target":"web"}],"nodes":[{"data":{"name":"svc"},"id":"svc","type":"service"},{"data":{"name":"web"},"id":"web","type":"deployment"}]}"#;
    let outside: Value = serde_json::from_str(text).unwrap();
    assert_eq!(known.content_hash(), crate::graph::Hash::of(&outside));
    assert_eq!(
        known.content_hash().to_string(),
        "c3fe8c825dc8c047fb31f8bca5803e4ed7223ac0c6c6fa07df7a2219f94bcd0c"
    );
    let before = known.snapshot_hash();
    known.nodes[0].position.x = 7.5;
    assert_ne!(known.snapshot_hash(), before);
}

#[test]
fn only_state_is_left_out_of_a_snapshot() {
    let node = |data| -> Node {
        serde_json::from_value(json!({"id": "a", "type": "deployment", "data": data})).unwrap()
    };
    let full = node(json!({
        "name": "a", "_status": {"state": "healthy"}, "_linkedSecrets": ["s"], "_secretCreated": true,
        "parameters": {}, "hasValidationError": true, "env": {"_JAVA_OPTIONS": "-Xmx1g"}, "_": 1,
    }));
    let kept = node(json!({"name": "a", "_linkedSecrets": ["s"], "env": {"_JAVA_OPTIONS": "-Xmx1g"}}));
    assert_eq!(full.snapshot(), kept);
    assert_eq!(full.content_hash(), kept.content_hash());
}

#[test]
fn blanks_around_names_are_trimmed() {
    let mut graph = graph("a:deployment b:service");
    graph.nodes[0].data = serde_json::from_value(json!({
        "name": " web\n", "namespace": "shop ", "image": "\tnginx", "command": " keep ", "replicas": 1,
    }))
    .unwrap();
    graph.nodes[1].data = serde_json::from_value(json!({"name": 7, "image": null})).unwrap();
    graph.trim();
    assert_eq!(
        json!([graph.nodes[0].data, graph.nodes[1].data]),
        json!([
            {"name": "web", "namespace": "shop", "image": "nginx", "command": " keep ", "replicas": 1},
            {"name": 7, "image": null},
        ])
    );
}
