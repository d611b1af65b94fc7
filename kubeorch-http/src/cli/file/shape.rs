//! A value as a workflow, with everything that is wrong with its form.

use std::collections::BTreeSet;

use kubeorch_core::error::Finding;
use kubeorch_core::graph::{Edge, Graph, Node, Position};
use kubeorch_core::id::{Raw, WorkflowId};
use serde_json::{Map, Value};

use super::members::{EDGE_UNUSED, NODE_UNUSED, Reader, WORKFLOW_UNUSED, kind};

/// The namespace of nodes when neither they nor the file nor the command line names one.
const DEFAULT_NAMESPACE: &str = "default";

/// A workflow as its file says.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// For people, and part of the workflow's identity.
    pub(crate) name: String,
    /// For people.
    pub(crate) description: String,
    /// Of the nodes that name none, and part of the workflow's identity.
    pub(crate) namespace: String,
    /// What can be used of the graph; nodes without a type are in it so that edges to them lead somewhere.
    pub(crate) graph: Graph,
    /// What is wrong with the form.
    pub(crate) findings: Vec<Finding>,
}

impl File {
    /// The workflow's id, the same on every machine, so that a repeated `up` owns the same objects.
    pub(crate) fn id(&self) -> WorkflowId {
        Raw::derived(&["workflow", &self.name, &self.namespace]).into()
    }

    /// Adds what the engine finds; nodes that have no usable form keep only the finding about that.
    pub(crate) fn with_findings(&self, more: Vec<Finding>) -> Vec<Finding> {
        let broken: BTreeSet<&str> = self
            .graph
            .nodes
            .iter()
            .filter(|node| node.kind.is_empty())
            .map(|node| node.id.as_str())
            .collect();
        let about_broken =
            |finding: &Finding| finding.node.as_deref().is_some_and(|node| broken.contains(node));
        let mut all = self.findings.clone();
        all.extend(more.into_iter().filter(|finding| !about_broken(finding)));
        all
    }
}

/// Reads a workflow; `namespace` is the command line's and wins over the file's.
pub(crate) fn check(value: &Value, namespace: Option<&str>) -> File {
    let mut file = File::default();
    let Value::Object(map) = value else {
        let message = format!("a workflow file must be a map, not {}", kind(value));
        file.findings.push(Finding::error("file.not_a_map", message));
        return file;
    };
    let findings = &mut file.findings;
    let reader = Reader::new(map, "a workflow file", |finding| finding);
    file.name = reader.required("name", findings).unwrap_or_default();
    file.description = reader.text("description", findings).unwrap_or_default();
    let own = reader.text("namespace", findings).filter(|text| !text.is_empty());
    file.namespace = namespace.map(str::to_owned).or(own).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    let nodes = reader.list("nodes", findings);
    if nodes.is_none() && map.get("nodes").is_none_or(Value::is_null) {
        reader.report(findings, "nodes", "file.missing", "a workflow file needs `nodes`".into(), "");
    }
    let edges = reader.list("edges", findings).unwrap_or_default();
    reader.refuse_others(
        &["name", "description", "namespace", "nodes", "edges"],
        WORKFLOW_UNUSED,
        findings,
        "",
    );
    for (index, value) in nodes.unwrap_or_default().iter().enumerate() {
        file.graph.nodes.extend(node(index, value, &file.namespace, findings));
    }
    let given = edges.iter().filter_map(|edge| edge.get("id")?.as_str()).map(str::to_owned);
    let mut ids: BTreeSet<String> = given.collect();
    for (index, value) in edges.iter().enumerate() {
        file.graph.edges.extend(edge(index, value, &mut ids, findings));
    }
    file
}

fn node(index: usize, value: &Value, namespace: &str, findings: &mut Vec<Finding>) -> Option<Node> {
    let place = format!("nodes[{index}]");
    let Value::Object(map) = value else {
        let message = format!("a node must be a map, not {}", kind(value));
        findings.push(Finding::error("file.not_a_map", message).on_node(place));
        return None;
    };
    let id = map.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let shown = id.unwrap_or(&place).to_owned();
    let reader = Reader::new(map, "a node", |finding| finding.on_node(shown.clone()));
    reader.required("id", findings);
    let kind = reader.required("type", findings).unwrap_or_default();
    let mut data = reader.object("data", findings).unwrap_or_default();
    let position = position(reader.object("position", findings), &reader, findings);
    let hint = "Parameters of a node belong into its `data`.";
    reader.refuse_others(&["id", "type", "position", "data"], NODE_UNUSED, findings, hint);
    // Only what is absent or empty is filled: a wrong value is for the engine to refuse.
    if matches!(data.get("namespace"), None | Some(Value::Null))
        || data.get("namespace") == Some(&Value::from(""))
    {
        data.insert("namespace".to_owned(), Value::from(namespace));
    }
    Some(Node { id: shown.clone(), kind, position, data })
}

fn position(map: Option<Map<String, Value>>, reader: &Reader<'_>, findings: &mut Vec<Finding>) -> Position {
    let Some(map) = map else { return Position::default() };
    let mut axis = |name: &str| match map.get(name) {
        None | Some(Value::Null) => 0.0,
        Some(value) => value.as_f64().unwrap_or_else(|| {
            let message = format!("must be a number, not {}", kind(value));
            reader.report(findings, &format!("position.{name}"), "file.not_a_number", message, "");
            0.0
        }),
    };
    Position { x: axis("x"), y: axis("y") }
}

fn edge(
    index: usize,
    value: &Value,
    ids: &mut BTreeSet<String>,
    findings: &mut Vec<Finding>,
) -> Option<Edge> {
    let place = format!("edges[{index}]");
    let mut edge = match value {
        Value::Object(map) => long_edge(map, &place, findings)?,
        Value::String(text) => match text.split_once("->").map(|(from, to)| (from.trim(), to.trim())) {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => {
                Edge { source: from.to_owned(), target: to.to_owned(), ..Edge::default() }
            }
            _ => {
                let finding = Finding::error("file.edge_form", format!("`{text}` is not an edge"));
                findings.push(finding.on_edge(place).hint("Write `source -> target`."));
                return None;
            }
        },
        other => {
            let message = format!("an edge must be a map or `source -> target`, not {}", kind(other));
            findings.push(Finding::error("file.edge_form", message).on_edge(place));
            return None;
        }
    };
    if edge.id.is_empty() {
        edge.id = derived_id(&edge, ids);
        ids.insert(edge.id.clone());
    }
    Some(edge)
}

fn long_edge(map: &Map<String, Value>, place: &str, findings: &mut Vec<Finding>) -> Option<Edge> {
    let id = map.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).unwrap_or(place);
    let reader = Reader::new(map, "an edge", |finding| finding.on_edge(id));
    let own = reader.text("id", findings).unwrap_or_default();
    let (source, target) = (reader.required("source", findings), reader.required("target", findings));
    let edge = Edge {
        id: own,
        source: source.clone().unwrap_or_default(),
        target: target.clone().unwrap_or_default(),
        source_handle: reader.text("sourceHandle", findings).filter(|text| !text.is_empty()),
        target_handle: reader.text("targetHandle", findings).filter(|text| !text.is_empty()),
        kind: reader.text("type", findings),
        data: reader.object("data", findings),
    };
    let used = ["id", "source", "target", "sourceHandle", "targetHandle", "type", "data"];
    reader.refuse_others(&used, EDGE_UNUSED, findings, "");
    source.and(target).map(|_| edge)
}

/// A readable id that no other edge has.
fn derived_id(edge: &Edge, ids: &BTreeSet<String>) -> String {
    let handle = |handle: &Option<String>| handle.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
    let (from, to) = (handle(&edge.source_handle), handle(&edge.target_handle));
    let plain = format!("{}{from}->{}{to}", edge.source, edge.target);
    let numbered = (2..).map(|n| format!("{plain}#{n}"));
    std::iter::once(plain.clone()).chain(numbered).find(|id| !ids.contains(id)).unwrap_or(plain)
}
