//! What the benches of KubeOrch measure with: graphs of any size, the same on every machine; the load of a store;
//! samples, tables and flags.
//!
//! Every bench has a baseline twin in its group: the plainest way to do the same, or the floor that no
//! implementation gets under. A number means something only next to its twin, measured in the same run.

pub mod flags;
pub mod load;
pub mod measure;

use kubeorch_core::graph::{Edge, Graph, Node, Position};
use serde_json::{Map, Value, json};

/// A workflow of `nodes` nodes in groups of a workload, the service in front of it and its settings, with an edge
/// for each pair. About 300 bytes of data a node.
///
/// ```
/// let graph = kubeorch_benches::graph(9);
/// assert_eq!((graph.nodes.len(), graph.edges.len()), (9, 6));
/// ```
#[must_use]
pub fn graph(nodes: usize) -> Graph {
    let mut graph = Graph { nodes: (0..nodes).map(node).collect(), edges: Vec::new() };
    for first in (0..nodes).step_by(3) {
        for (other, role) in [(first + 1, "selects"), (first + 2, "settings")] {
            if other < nodes {
                graph.edges.push(edge(other, first, role));
            }
        }
    }
    graph
}

/// The same graph after somebody worked on it: every hundredth node has another image, one node and its edges
/// are gone, one is new, and the nodes come in another order.
///
/// ```
/// use kubeorch_core::graph::diff;
/// let (old, new) = (kubeorch_benches::graph(1_000), kubeorch_benches::edited(1_000));
/// let diff = diff(&old, &new);
/// assert_eq!(diff.modified_nodes.len(), 9);
/// assert_eq!((diff.added_nodes.len(), diff.removed_nodes.len()), (1, 1));
/// ```
#[must_use]
pub fn edited(nodes: usize) -> Graph {
    let mut graph = graph(nodes);
    for node in graph.nodes.iter_mut().step_by(100).skip(1) {
        node.data.insert("image".to_owned(), json!("registry.example/app:2"));
    }
    if !graph.nodes.is_empty() {
        let gone = graph.nodes.remove(0);
        graph.edges.retain(|edge| edge.source != gone.id && edge.target != gone.id);
    }
    graph.nodes.push(node(nodes));
    graph.nodes.reverse();
    graph
}

fn node(index: usize) -> Node {
    let (kind, data) = match index % 3 {
        0 => (
            "workload",
            json!({
                "name": format!("app-{index}"), "namespace": "shop", "image": "registry.example/app:1",
                "replicas": 1 + index % 5, "port": 8080,
                "resources": { "requests": { "cpu": "100m", "memory": "128Mi" },
                               "limits": { "cpu": "1", "memory": "512Mi" } },
                "env": { "LOG_LEVEL": "info", "PEER": format!("http://app-{}", index + 3) },
            }),
        ),
        1 => (
            "balancer",
            json!({
                "name": format!("app-{}", index - 1), "namespace": "shop",
                "ports": [{ "name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP" }],
                "labels": { "team": "shop", "tier": (index % 4).to_string() },
            }),
        ),
        _ => (
            "settings",
            json!({
                "name": format!("settings-{index}"), "namespace": "shop",
                "data": { "app.conf": "listen 8080;\nworkers 4;\n", "features": "cart,search,checkout" },
                "_status": { "state": "ready" },
            }),
        ),
    };
    let Value::Object(data) = data else { return empty(index) };
    Node { id: format!("node-{index}"), kind: kind.to_owned(), position: position(index), data }
}

fn empty(index: usize) -> Node {
    Node { id: format!("node-{index}"), kind: String::new(), position: position(index), data: Map::new() }
}

#[allow(clippy::cast_precision_loss, reason = "canvas pixels of a graph with a few thousand nodes")]
fn position(index: usize) -> Position {
    Position { x: (index % 40 * 200) as f64, y: (index / 40 * 120) as f64 }
}

fn edge(source: usize, target: usize, role: &str) -> Edge {
    Edge {
        id: format!("{role}-{source}-{target}"),
        source: format!("node-{source}"),
        target: format!("node-{target}"),
        ..Edge::default()
    }
}
