//! What a graph becomes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Finding;
use crate::manifest::Object;
use crate::plugin::{NodeInput, NodeType, Observe};

/// Marks an object as part of a workflow; prune and ownership go by it (contract 4.3).
pub const WORKFLOW_LABEL: &str = "kubeorch.io/workflow-id";

/// Marks which node an object comes from.
pub const NODE_LABEL: &str = "kubeorch.io/node-id";

/// A graph with everything that can be known without a cluster. Nodes are shared with the next one of the workflow.
#[derive(Debug, PartialEq)]
pub(crate) struct Prepared {
    /// In the order of the graph.
    pub(crate) nodes: Vec<Arc<PreparedNode>>,
    /// Every remark, errors first.
    pub(crate) findings: Vec<Finding>,
    /// What was filled in from neighbours.
    pub(crate) notes: Vec<String>,
}

/// A node ready to be planned.
#[derive(Debug, Clone)]
pub(crate) struct PreparedNode {
    pub(crate) input: Arc<NodeInput>,
    pub(crate) info: Arc<NodeType>,
    /// Indexes of the nodes that are applied before it.
    pub(crate) after: Vec<usize>,
    /// Whether another node's rendering looks at it.
    pub(crate) linked: bool,
    /// Its objects, labelled as the workflow's own; `$runtime` leaves still open.
    pub(crate) objects: Arc<[Object]>,
    /// What else to watch.
    pub(crate) observe: Arc<[Observe]>,
}

impl Prepared {
    /// Whether something forbids going on.
    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// Keeps only these nodes; empty keeps all. They were rendered with all their neighbours, and an order among those
    /// that stay holds.
    pub(in crate::runs) fn only(mut self, ids: &[String]) -> Self {
        if ids.is_empty() {
            return self;
        }
        let stays = |id: &String| ids.contains(id);
        let mut places = HashMap::new();
        for (at, _) in self.nodes.iter().enumerate().filter(|(_, node)| stays(&node.input.id)) {
            places.insert(at, places.len());
        }
        self.nodes.retain(|node| stays(&node.input.id));
        for node in &mut self.nodes {
            let after = node.after.iter().filter_map(|at| places.get(at).copied()).collect();
            let node = Arc::make_mut(node);
            node.after = after;
        }
        self.findings.retain(|finding| finding.node.as_ref().is_none_or(stays));
        self
    }
}

impl PartialEq for PreparedNode {
    /// A node type is the one of its name: in one catalogue there is no other.
    fn eq(&self, other: &Self) -> bool {
        (&self.input, &self.info.name, &self.after, self.linked, &self.objects, &self.observe)
            == (&other.input, &other.info.name, &other.after, other.linked, &other.objects, &other.observe)
    }
}
