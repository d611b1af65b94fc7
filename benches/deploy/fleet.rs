//! What is deployed: small applications, each a deployment, its service and two sets of settings.

use kubeorch_core::graph::{Edge, Graph, Node, Position};
use serde_json::{Map, Value, json};

pub(crate) const NAMESPACE: &str = "fleet";
/// API version and kind of [`graph`]'s objects.
pub(crate) const KINDS: [(&str, &str); 3] =
    [("apps/v1", "Deployment"), ("v1", "Service"), ("v1", "ConfigMap")];
/// The share of the objects that are deployments of one pod.
pub(crate) const PODS: usize = 4;

/// A graph that renders to as many objects.
pub(crate) fn graph(objects: usize) -> Graph {
    let mut graph = Graph { nodes: (0..objects).map(node).collect(), edges: Vec::new() };
    for first in (0..objects).step_by(PODS) {
        // Its service and one of its settings; two would be mounted at one place.
        for other in (first + 1..first + 3).filter(|other| *other < objects) {
            graph.edges.push(edge(other, first));
        }
    }
    graph
}

fn node(at: usize) -> Node {
    let app = format!("app-{}", at - at % PODS);
    let (kind, data) = match at % PODS {
        0 => (
            "deployment",
            json!({ "name": app, "namespace": NAMESPACE, "image": "registry.example/app:1", "replicas": 1,
                    "port": 8080, "env": { "LOG_LEVEL": "info" } }),
        ),
        1 => ("service", json!({ "name": app, "namespace": NAMESPACE, "port": 80 })),
        part => (
            "configmap",
            json!({ "name": format!("{app}-{part}"), "namespace": NAMESPACE,
                    "data": { "application.yaml": "log: {level: info}\n".repeat(8), "part": part.to_string() } }),
        ),
    };
    let data = match data {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    Node { id: id(at), kind: kind.to_owned(), data, position: Position::default() }
}

fn edge(from: usize, to: usize) -> Edge {
    Edge { id: format!("e{from}"), source: id(from), target: id(to), ..Edge::default() }
}

fn id(at: usize) -> String {
    format!("node-{at}")
}
