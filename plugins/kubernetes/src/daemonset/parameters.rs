//! What a user may fill in.

use kubeorch_plugin_sdk::{Parameter, Parameters};
use serde_json::json;

use super::{placement, rollout};
use crate::workload::parameters;

pub(super) fn all() -> Parameters {
    let strategies = [rollout::ROLLING, rollout::ON_DELETE];
    let strategy = Parameter::choice("updateStrategy", "Update", &strategies)
        .default(rollout::ROLLING)
        .labels(json!({ "RollingUpdate": "Step by step", "OnDelete": "When pods are deleted by hand" }));
    let unavailable = Parameter::text("maxUnavailable", "Pods replaced at once")
        .set("type", json!(["integer", "string"]))
        .default(1)
        .depends_on("updateStrategy", &[json!(rollout::ROLLING)]);
    let all = parameters::identity("my-daemonset")
        .with(parameters::image())
        .with(parameters::port(8080))
        .with(strategy.about("How pods are replaced after a change."))
        .with(unavailable.about("A number, or a share like 25%."))
        .with(
            Parameter::map("nodeSelector", "Node selector")
                .about("Labels of the cluster nodes to run on; empty for all."),
        )
        .with(tolerations())
        .with(
            Parameter::flag("hostNetwork", "Host network")
                .default(false)
                .about("Use the node's own addresses and ports."),
        )
        .with(
            Parameter::flag("hostPID", "Host processes")
                .default(false)
                .about("See all processes of the node."),
        );
    let all = parameters::environment(all).with(parameters::resources());
    let all = all.with(parameters::labels("Labels of the daemon set and its pods."));
    let all = parameters::pulling(all).with(parameters::volume_mounts_with_host()).with(security());
    parameters::command(parameters::probes(all))
}

fn tolerations() -> Parameter {
    let item = json!({ "type": "object", "properties": {
        "key": { "type": "string", "title": "Key", "description": "Key of the taint; empty with Exists for every taint." },
        "operator": { "type": "string", "title": "Operator", "enum": placement::OPERATORS, "default": "Equal" },
        "value": { "type": "string", "title": "Value" },
        "effect": { "type": "string", "title": "Effect", "enum": placement::EFFECTS, "description": "Empty for every effect." },
        "tolerationSeconds": { "type": "integer", "title": "For how long (s)", "minimum": 0 } } });
    Parameter::list("tolerations", "Tolerations", item)
        .about("Taints of cluster nodes that do not keep the pods away, for example of control planes.")
}

fn security() -> Parameter {
    let properties = json!({
        "privileged": { "type": "boolean", "title": "Privileged", "description": "All rights of the node's root." },
        "runAsUser": { "type": "integer", "title": "User id", "minimum": 0 },
        "capabilities": { "type": "array", "title": "Capabilities", "items": { "type": "string" }, "description": "Added ones: NET_ADMIN." } });
    Parameter::object("securityContext", "Security", properties).about("Rights of the container.")
}
