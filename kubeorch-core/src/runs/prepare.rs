//! From a graph to rendered objects: validate, resolve links, render. Nothing here talks to a cluster.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::Error;
use crate::error::Finding;
use crate::graph::{self, Graph, Limits, Links, Rule, TypeInfo, Types};
use crate::id::WorkflowId;
use crate::manifest::{Key, Object};
use crate::plugin::{
    Direction, Facts, Link, NodeInput, NodeType, NodeTypes, Observe, Out, Peer, RenderRequest, Rendered,
};

/// Marks an object as part of a workflow; prune and ownership go by it (contract 4.3).
pub const WORKFLOW_LABEL: &str = "kubeorch.io/workflow-id";

/// Marks which node an object comes from.
pub const NODE_LABEL: &str = "kubeorch.io/node-id";

/// How many plugin calls are under way at once for one graph; the host bounds the rest.
const PARALLEL: usize = 16;

/// A graph with everything that can be known without a cluster.
pub(crate) struct Prepared {
    /// In the order of the graph.
    pub(crate) nodes: Vec<PreparedNode>,
    /// Every remark, errors first.
    pub(crate) findings: Vec<Finding>,
    /// What was filled in from neighbours.
    pub(crate) notes: Vec<String>,
}

/// A node ready to be planned.
pub(crate) struct PreparedNode {
    pub(crate) input: NodeInput,
    pub(crate) info: Arc<NodeType>,
    /// Indexes of the nodes that are applied before it.
    pub(crate) after: Vec<usize>,
    /// Whether another node's rendering looks at it.
    pub(crate) linked: bool,
    /// Its objects, labelled as the workflow's own; `$runtime` leaves still open.
    pub(crate) objects: Vec<Object>,
    /// What else to watch.
    pub(crate) observe: Vec<Observe>,
}

impl Prepared {
    /// Whether something forbids going on.
    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// Validates and renders a graph; all findings at once.
pub(crate) async fn prepare(
    types: &dyn NodeTypes,
    graph: &Graph,
    workflow: WorkflowId,
) -> Result<Prepared, Error> {
    let infos = type_infos(types);
    let mut findings = graph::validate(graph, &infos, &Limits::default());
    let known: Vec<(usize, Arc<NodeType>)> = graph
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(at, node)| types.find(&node.kind).map(|info| (at, info)))
        .collect();
    let facts = facts(types, graph, &known).await?;
    let references =
        facts.iter().map(|(at, facts)| (graph.nodes[*at].id.clone(), facts.references.clone())).collect();
    let links = Links::resolve(graph, &infos, &references);
    findings.extend(links.findings().iter().cloned());
    let order = match graph::order(graph, &infos, &links) {
        Ok(order) => order,
        Err(cycles) => {
            findings.extend(cycles);
            graph::Order::default()
        }
    };
    let requests: Vec<RenderRequest> =
        known.iter().map(|(at, _)| request(graph, *at, &links, &facts, &known)).collect();
    let answers = answers(types, &requests).await?;

    let mut nodes = Vec::with_capacity(known.len());
    let (mut outs, mut notes) = (Vec::with_capacity(known.len()), Vec::new());
    let place: HashMap<usize, usize> =
        known.iter().enumerate().map(|(place, (at, _))| (*at, place)).collect();
    for (((at, info), request), (own, rendered)) in known.into_iter().zip(requests).zip(answers) {
        findings.extend(own);
        findings.extend(rendered.findings.iter().cloned());
        notes.extend(rendered.notes.iter().map(|note| format!("{}: {note}", request.node.id)));
        let after = order.dependencies.get(at).map_or(&[][..], Vec::as_slice);
        nodes.push(PreparedNode {
            info,
            after: after.iter().filter_map(|at| place.get(at).copied()).collect(),
            linked: request.links.iter().any(|link| link.role.is_some()),
            objects: Vec::new(),
            observe: rendered.observe.clone(),
            input: request.node,
        });
        outs.push(labelled(&rendered, workflow, &nodes[nodes.len() - 1].input.id));
    }
    let ids: Vec<_> = nodes.iter().map(|node| node.input.id.clone()).collect();
    let (objects, doubles) = settle(outs, &ids);
    findings.extend(doubles);
    for (node, objects) in nodes.iter_mut().zip(objects) {
        node.objects = objects;
    }
    findings.sort_by(|a, b| (a.severity, &a.node, &a.field).cmp(&(b.severity, &b.node, &b.field)));
    findings.dedup();
    Ok(Prepared { nodes, findings, notes })
}

/// What the graph needs to know of the types.
fn type_infos(types: &dyn NodeTypes) -> Types {
    let info = |node_type: &Arc<NodeType>| TypeInfo {
        name: node_type.name.clone(),
        traits: node_type.traits.clone(),
        rank: node_type.rank,
        links: node_type
            .links
            .iter()
            .map(|rule| Rule { role: rule.role.clone(), peers: rule.peers.clone() })
            .collect(),
    };
    types.list().iter().map(info).collect()
}

async fn facts(
    types: &dyn NodeTypes,
    graph: &Graph,
    known: &[(usize, Arc<NodeType>)],
) -> Result<HashMap<usize, Arc<Facts>>, Error> {
    let calls = known.iter().map(|(at, _)| async move {
        let facts = types.facts(&input(graph, *at)).await?;
        Ok::<_, Error>((*at, facts))
    });
    // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
    stream::iter(calls.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await
}

async fn answers(
    types: &dyn NodeTypes,
    requests: &[RenderRequest],
) -> Result<Vec<(Vec<Finding>, Arc<Rendered>)>, Error> {
    let calls = requests.iter().map(|request| async move {
        let findings = types.validate(request).await?;
        // What is wrong already would only be reported a second time by the rendering.
        let rendered = if findings.iter().any(Finding::is_error) {
            Arc::default()
        } else {
            types.render(request).await?
        };
        Ok::<_, Error>((findings, rendered))
    });
    // Collected first, see `facts`.
    stream::iter(calls.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await
}

fn input(graph: &Graph, at: usize) -> NodeInput {
    let node = graph.nodes[at].snapshot();
    NodeInput { id: node.id, kind: node.kind, data: node.data }
}

fn request(
    graph: &Graph,
    at: usize,
    links: &Links<'_>,
    facts: &HashMap<usize, Arc<Facts>>,
    known: &[(usize, Arc<NodeType>)],
) -> RenderRequest {
    let links = links.of(at).filter_map(|neighbour| {
        let facts = facts.get(&neighbour.peer)?;
        let found = known.binary_search_by_key(&neighbour.peer, |(at, _)| *at).ok()?;
        let peer = &graph.nodes[neighbour.peer];
        Some(Link {
            role: neighbour.role.map(str::to_owned),
            declared_by: neighbour
                .role
                .map(|_| if neighbour.declared_here { "self" } else { "peer" }.to_owned()),
            edge: neighbour.edge.map(|edge| graph.edges[edge].clone()),
            direction: match neighbour.direction {
                graph::Direction::Out => Direction::Out,
                graph::Direction::In => Direction::In,
                graph::Direction::Reference => Direction::Reference,
            },
            peer: Peer {
                id: peer.id.clone(),
                kind: peer.kind.clone(),
                traits: known[found].1.traits.clone(),
                facts: Facts::clone(facts),
            },
        })
    });
    RenderRequest { node: input(graph, at), links: links.collect() }
}

fn labelled(rendered: &Rendered, workflow: WorkflowId, node: &str) -> Vec<Out> {
    let mark = |out: &Out| {
        let mut out = out.clone();
        out.object.set_label(WORKFLOW_LABEL, &workflow.to_string());
        out.object.set_label(NODE_LABEL, &label_value(node));
        out
    };
    rendered.objects.iter().map(mark).collect()
}

/// A node id as a label value: at most 63 of the characters that Kubernetes allows there.
fn label_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut value: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).take(63).collect();
    let edge = |c: char| !c.is_ascii_alphanumeric();
    value.truncate(value.trim_end_matches(edge).len());
    value.trim_start_matches(edge).to_owned()
}

/// Leaves out optional objects that another node makes, and names objects that two nodes make.
fn settle(outs: Vec<Vec<Out>>, ids: &[String]) -> (Vec<Vec<Object>>, Vec<Finding>) {
    // Kind without version: two versions of one kind are the same object.
    let place = |key: &Key| {
        (key.kind.group().to_owned(), key.kind.kind.clone(), key.namespace.clone(), key.name.clone())
    };
    let mut makers: BTreeMap<_, Vec<(usize, bool)>> = BTreeMap::new();
    for (at, outs) in outs.iter().enumerate() {
        for out in outs {
            makers.entry(place(&out.object.key())).or_default().push((at, out.if_absent));
        }
    }
    let mut findings = Vec::new();
    let mut kept = Vec::with_capacity(outs.len());
    for (at, outs) in outs.into_iter().enumerate() {
        let mut objects = Vec::with_capacity(outs.len());
        for out in outs {
            let key = out.object.key();
            let all = &makers[&place(&key)];
            let firm = all.iter().any(|(_, optional)| !optional);
            let first = all.first().is_some_and(|(maker, _)| *maker == at);
            if out.if_absent && (firm || !first) {
                continue;
            }
            let other = all.iter().find(|(maker, optional)| *maker != at && !optional);
            if let Some((other, _)) = other {
                let text = format!("{key} is also made by node {}", ids[*other]);
                findings.push(
                    Finding::error("graph.duplicate_object", text)
                        .on_node(&ids[at])
                        .at("name")
                        .hint("Give one of the two another name or namespace."),
                );
            }
            objects.push(out.object);
        }
        kept.push(objects);
    }
    (kept, findings)
}
