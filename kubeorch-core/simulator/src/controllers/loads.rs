//! What the pods on each node request, kept up to date change by change: the scheduler asks for every pod
//! and every node.

use std::collections::HashMap;

use serde_json::Value;

use crate::store::{Change, ChangeKind};
use crate::usage::thousandths;
use crate::value::{list, text};

/// Pods, and their requests in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) pods: i64,
    pub(super) cpu: i64,
    pub(super) memory: i64,
}

impl Load {
    /// What one pod requests.
    pub(super) fn of(pod: &Value) -> Self {
        let sum = |resource: &str| {
            list(pod, "/spec/containers")
                .iter()
                .filter_map(|one| thousandths(one.pointer(&format!("/resources/requests/{resource}"))?))
                .sum()
        };
        Self { pods: 1, cpu: sum("cpu"), memory: sum("memory") }
    }

    fn add(&mut self, other: Self, sign: i64) {
        self.pods += sign * other.pods;
        self.cpu += sign * other.cpu;
        self.memory += sign * other.memory;
    }
}

/// The loads by node.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    by_node: HashMap<String, Load>,
}

impl Loads {
    pub(super) fn of(&self, node: &str) -> Load {
        self.by_node.get(node).copied().unwrap_or_default()
    }

    /// Takes a change of a pod in.
    pub(super) fn track(&mut self, change: &Change) {
        let counts = |pod: &Value| {
            !text(pod, "/spec/nodeName").is_empty()
                && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
        };
        let before = change.before.as_deref().filter(|pod| counts(pod));
        let after = Some(&*change.object).filter(|pod| change.kind != ChangeKind::Deleted && counts(pod));
        for (pod, sign) in [(before, -1), (after, 1)] {
            if let Some(pod) = pod {
                self.by_node
                    .entry(text(pod, "/spec/nodeName").to_owned())
                    .or_default()
                    .add(Load::of(pod), sign);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Objects;
    use serde_json::json;

    #[test]
    fn loads_follow_the_pods() {
        let pod = |node: &str, phase: &str| {
            json!({
                "metadata": { "name": "a", "namespace": "b" }, "status": { "phase": phase },
                "spec": { "nodeName": node, "containers": [{ "resources": { "requests": { "cpu": "0.5", "memory": 8 } } }] },
            })
        };
        let (mut objects, mut loads) = (Objects::new(8), Loads::default());
        let load = |pods: i64| Load { pods, cpu: 500 * pods, memory: 8000 * pods };
        for (object, expected) in [
            (pod("", "Pending"), 0),
            (pod("n", "Pending"), 1),
            (pod("n", "Running"), 1),
            (pod("n", "Succeeded"), 0),
            (pod("n", "Running"), 1),
        ] {
            loads.track(&objects.put("pods", object));
            assert_eq!(loads.of("n"), load(expected));
        }
        loads.track(&objects.delete("pods", "b", "a").unwrap());
        assert_eq!(loads.of("n"), load(0));
    }
}
