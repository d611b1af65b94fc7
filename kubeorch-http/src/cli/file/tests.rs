//! What files mean, and what is said about those that mean nothing.

use serde_json::{Value, json};

use super::{File, check, parse};

fn read(text: &str) -> File {
    check(&parse(text).unwrap(), None)
}

/// All findings of a file, in the form that people see.
fn complaints(text: &str) -> Vec<String> {
    read(text).findings.iter().map(|finding| format!("{finding} [{}]", finding.code)).collect()
}

#[test]
fn a_file_becomes_the_graph_of_the_api() {
    let file = read(
        "name: shop\ndescription: d\nnamespace: shop\nx-image: &image nginx:1.27\nnodes:\n\
         - {id: web, type: deployment, position: {x: 1, y: -2.5}, data: {image: *image, namespace: other}}\n\
         - {id: svc, type: service, selected: true, data: {namespace: '', port: 80}}\n\
         - {id: bare, type: configmap}\n\
         edges:\n- {source: svc, target: web, sourceHandle: h, data: {injectAs: env}}\n- svc -> web\n- svc->web\n\
         - {id: mine, source: bare, target: web, targetHandle: t}\n",
    );
    assert_eq!(file.findings, []);
    assert_eq!(
        (file.name.as_str(), file.description.as_str(), file.namespace.as_str()),
        ("shop", "d", "shop")
    );
    let graph = serde_json::to_value(&file.graph).unwrap();
    let expected = json!({
        "nodes": [
            {"id": "web", "type": "deployment", "position": {"x": 1.0, "y": -2.5},
             "data": {"image": "nginx:1.27", "namespace": "other"}},
            {"id": "svc", "type": "service", "position": {"x": 0.0, "y": 0.0}, "data": {"namespace": "shop", "port": 80}},
            {"id": "bare", "type": "configmap", "position": {"x": 0.0, "y": 0.0}, "data": {"namespace": "shop"}},
        ],
        "edges": [
            {"id": "svc.h->web", "source": "svc", "target": "web", "sourceHandle": "h", "data": {"injectAs": "env"}},
            {"id": "svc->web", "source": "svc", "target": "web"},
            {"id": "svc->web#2", "source": "svc", "target": "web"},
            {"id": "mine", "source": "bare", "target": "web", "targetHandle": "t"},
        ],
    });
    assert_eq!(graph, expected);
}

#[test]
fn an_answer_of_the_server_is_a_file() {
    let answer = json!({
        "id": "66b0c1d2e3f4a5b6c7d8e901", "name": "shop", "description": "", "cluster_id": "prod", "status": "published",
        "tags": [], "versions": [], "current_version": 4, "owner_id": "66a1f0c2b7d84e0012ab34cd", "team_id": "",
        "created_at": "2026-01-01T08:00:00Z", "updated_at": "2026-01-01T09:30:02Z", "run_count": 3,
        "success_count": 2, "failure_count": 1,
        "nodes": [{"id": "node-1", "type": "deployment", "position": {"x": 4, "y": 1}, "data": {"name": "web"}}],
        "edges": [{"id": "e", "source": "node-1", "target": "node-1", "sourceHandle": "path-9"}],
    });
    assert_eq!(complaints(&answer.to_string()), Vec::<String>::new());
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let check = |text: &str, expected: &[&str]| assert_eq!(complaints(text), expected, "{text}");
    check("[]", &["file: a workflow file must be a map, not a list [file.not_a_map]"]);
    check("text", &["file: a workflow file must be a map, not text [file.not_a_map]"]);
    check(
        "node: []\n",
        &[
            "file name: a workflow file needs `name` [file.missing]",
            "file nodes: a workflow file needs `nodes` [file.missing]",
            "file node: a workflow file has no member `node` [file.unknown_member]",
        ],
    );
    check("name: ''\nnodes: []\n", &["file name: a workflow file needs `name` [file.missing]"]);
    check(
        "name: 12\nnodes: {}\n",
        &[
            "file name: must be text, not a number [file.not_text]",
            "file nodes: must be a list, not a map [file.not_a_list]",
        ],
    );
    check(
        "name: x\nnodes:\n- web\n- {type: deployment}\n- {id: a, image: nginx, data: []}\n\
         - {id: 7, type: service, position: {x: left}}\n",
        &[
            "nodes[0]: a node must be a map, not text [file.not_a_map]",
            "nodes[1] id: a node needs `id` [file.missing]",
            "a type: a node needs `type` [file.missing]",
            "a data: must be a map, not a list [file.not_a_map]",
            "a image: a node has no member `image` [file.unknown_member]",
            "nodes[3] id: must be text, not a number [file.not_text]",
            "nodes[3] position.x: must be a number, not text [file.not_a_number]",
        ],
    );
    check(
        "name: x\nnodes: []\nedges: [1, a, a ->, {source: a}, {id: e, from: a, source: a, target: b}]\n",
        &[
            "edge edges[0]: an edge must be a map or `source -> target`, not a number [file.edge_form]",
            "edge edges[1]: `a` is not an edge [file.edge_form]",
            "edge edges[2]: `a ->` is not an edge [file.edge_form]",
            "edge edges[3] target: an edge needs `target` [file.missing]",
            "edge e from: an edge has no member `from` [file.unknown_member]",
        ],
    );
}

#[test]
fn a_broken_node_hides_what_follows_from_it() {
    let file = read("name: x\nnodes: [{id: a}, {id: b, type: service}]\n");
    let engine =
        |node: &str| kubeorch_core::error::Finding::error("graph.type_unknown", "unknown").on_node(node);
    let all = file.with_findings(vec![engine("a"), engine("b")]);
    let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["a type: a node needs `type`", "b: unknown"]);
}

#[test]
fn identity_is_name_and_namespace() {
    let id = |text: &str, namespace: Option<&str>| check(&parse(text).unwrap(), namespace).id();
    let shop = "name: shop\nnodes: []\n";
    assert_eq!(id(shop, None), id("name: shop\nnamespace: default\ndescription: other\nnodes: []\n", None));
    assert_ne!(id(shop, None), id(shop, Some("test")));
    assert_ne!(id(shop, None), id("name: other\nnodes: []\n", None));
    let stated = check(&parse("name: a\nnamespace: b\nnodes: [{id: n, type: t}]").unwrap(), Some("c"));
    assert_eq!(stated.graph.nodes[0].data["namespace"], Value::from("c"));
}
