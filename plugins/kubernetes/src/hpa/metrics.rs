//! By what the number of pods is set, and how fast.

use kubeorch_plugin_sdk::{Reader, kubernetes::Tree};
use serde_json::Value;

use super::target::Target;

/// The share of the requested CPU when the data names no metric at all.
const DEFAULT_CPU: i64 = 80;
/// Kubernetes looks back no further.
const LONGEST_WINDOW: i64 = 3600;
/// Seconds in which a policy may change the number once, those of Kubernetes' own defaults.
const PERIOD: i64 = 15;

/// The spec's `metrics`.
pub(super) fn read(reader: &Reader<'_>, target: &Target<'_>) -> Vec<Value> {
    let cpu = reader.integer("targetCPUUtilization", 1..=100);
    let memory = reader.integer("targetMemoryUtilization", 1..=100);
    let cpu = if memory.is_none() { cpu.or(Some(DEFAULT_CPU)) } else { cpu };
    let metric = |name: &str, key: &str, utilization: i64| -> Value {
        if target.lacks_request(name) {
            let message =
                format_args!("the workload requests no {name}, so there is nothing to take a share of");
            reader.warning(
                key,
                "without_request",
                message,
                format!("set resources.requests.{name} of the workload"),
            );
        }
        let share = Tree::new().set("type", "Utilization").set("averageUtilization", utilization);
        let resource = Tree::new().set("name", name).set("target", share);
        Tree::new().set("type", "Resource").set("resource", resource).into()
    };
    let metrics = [
        cpu.map(|share| metric("cpu", "targetCPUUtilization", share)),
        memory.map(|share| metric("memory", "targetMemoryUtilization", share)),
    ];
    metrics.into_iter().flatten().collect()
}

/// The spec's `behavior`. A window of zero is an order like any other: without one Kubernetes waits 300 s before it
/// scales down.
pub(super) fn behavior(reader: &Reader<'_>) -> Tree {
    let window = |key: &str| reader.integer(key, 0..=LONGEST_WINDOW);
    let down = window("scaleDownStabilization").map(|seconds| {
        Tree::new().set("stabilizationWindowSeconds", seconds).set("policies", vec![policy("Percent", 100)])
    });
    let up = window("scaleUpStabilization").map(|seconds| {
        Tree::new()
            .set("stabilizationWindowSeconds", seconds)
            .set("selectPolicy", "Max")
            .set("policies", vec![policy("Percent", 100), policy("Pods", 4)])
    });
    Tree::new().set_some("scaleDown", down).set_some("scaleUp", up)
}

fn policy(kind: &str, value: i64) -> Value {
    Tree::new().set("type", kind).set("value", value).set("periodSeconds", PERIOD).into()
}
