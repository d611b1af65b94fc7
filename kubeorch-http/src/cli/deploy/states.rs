//! From a run's events to a line a node.

use std::collections::BTreeMap;

use kubeorch_core::graph::Graph;
use kubeorch_core::runs::{NodePhase, NodeState, Run};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::output::Row;

/// What is known of each node: how far the run came with it, and what its objects say.
#[derive(Default)]
pub(super) struct States {
    phases: BTreeMap<String, (NodePhase, Option<String>)>,
    live: BTreeMap<String, String>,
}

/// `run_node`
#[derive(Deserialize)]
struct RunNode {
    node_id: String,
    state: NodeState,
}

/// `node_update`; other members of the status depend on the node type.
#[derive(Deserialize)]
struct NodeUpdate {
    node_id: String,
    status: Live,
}

#[derive(Deserialize)]
struct Live {
    #[serde(default)]
    message: String,
}

impl States {
    /// Takes an event of the workflow's stream; the row of the node that it is about.
    pub(super) fn event(&mut self, kind: &str, data: &Value) -> Option<Row> {
        match kind {
            "run_node" => {
                let RunNode { node_id, state } = Deserialize::deserialize(data).ok()?;
                self.phase(&node_id, &state);
                Some(self.row(node_id))
            }
            "node_update" => {
                let NodeUpdate { node_id, status } = Deserialize::deserialize(data).ok()?;
                self.live.insert(node_id.clone(), status.message);
                // What objects say before the run has come to them is the state from before the run.
                self.phases.contains_key(&node_id).then(|| self.row(node_id))
            }
            _ => None,
        }
    }

    /// Takes what the store holds of every node's objects.
    pub(super) fn settle(&mut self, graph: &Graph) {
        for node in &graph.nodes {
            if let Some(message) = node.data.get("_status").and_then(|status| status["message"].as_str()) {
                self.live.insert(node.id.clone(), message.to_owned());
            }
        }
    }

    /// Takes the record of a run: what its events may not have told yet.
    pub(super) fn record(&mut self, run: &Run) -> Vec<Row> {
        for (node, state) in &run.nodes {
            self.phase(node, state);
        }
        run.nodes.keys().map(|node| self.row(node.clone())).collect()
    }

    fn phase(&mut self, node: &str, state: &NodeState) {
        let text = state.error.clone().or_else(|| state.message.clone());
        self.phases.insert(node.to_owned(), (state.status, text));
    }

    /// The run's word for a node, and what explains it best.
    pub(super) fn row(&self, node: String) -> Row {
        let (phase, text) = self.phases.get(&node).cloned().unwrap_or((NodePhase::Pending, None));
        // Before that, objects speak of the time before the run; after a failure, its own text says more.
        let applied = matches!(phase, NodePhase::Waiting | NodePhase::Completed);
        let live = self.live.get(&node).filter(|live| applied && !live.is_empty()).cloned();
        Row { state: word(phase).to_owned(), message: live.or(text).unwrap_or_default(), node }
    }
}

/// The word for where a node of a run stands.
fn word(phase: NodePhase) -> &'static str {
    match phase {
        NodePhase::Pending => "pending",
        NodePhase::Applying => "applying",
        NodePhase::Waiting => "waiting",
        NodePhase::Completed => "ready",
        NodePhase::Failed => "failed",
        NodePhase::Warning => "skipped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn phase(node: &str, status: &str, error: Option<&str>) -> Value {
        json!({"run_id": "a", "node_id": node, "state":
            {"status": status, "applied": [], "error": error, "message": null, "at": "2026-01-01T00:00:00.000Z"}})
    }

    fn live(node: &str, message: &str) -> Value {
        json!({"node_id": node, "type": "deployment", "status": {"state": "partial", "message": message}})
    }

    #[test]
    fn a_row_joins_the_runs_word_with_what_the_objects_say() {
        let mut states = States::default();
        let mut check = |kind: &str, data: Value, expected: Option<(&str, &str)>| {
            let row = states.event(kind, &data);
            let shown = row.as_ref().map(|row| (row.state.as_str(), row.message.as_str()));
            assert_eq!(shown, expected, "{kind} {data}");
        };
        check("node_update", live("web", "2/2 pods ready"), None);
        check("run_node", phase("web", "applying", None), Some(("applying", "")));
        check("node_update", live("web", "0/2 pods ready"), Some(("applying", "")));
        check("run_node", phase("web", "waiting", None), Some(("waiting", "0/2 pods ready")));
        check(
            "run_node",
            phase("web", "failed", Some("ImagePullBackOff")),
            Some(("failed", "ImagePullBackOff")),
        );
        check("run_node", phase("db", "completed", None), Some(("ready", "")));
        check("run_log", json!({"line": "x"}), None);
        check("run_node", json!({"nonsense": 1}), None);
    }
}
