//! KubeOrch template: a node type that becomes a `ResourceQuota`.

use kubeorch_plugin_sdk::{
    Collection, Descriptor, Facts, Findings, Node, NodeType, Parameter, Parameters, PluginInfo,
    RenderRequest, Rendered, Status, StatusRequest,
    check::{self, Quantity},
    export_node_types,
    kubernetes::{Meta, Tree, with_metadata},
    registry,
};

/// This plugin: who it is and what it brings.
#[derive(Debug)]
pub struct Plugin;

impl Collection for Plugin {
    const PLUGIN: PluginInfo = PluginInfo {
        id: env!("CARGO_PKG_NAME"),
        name: "KubeOrch template",
        version: env!("CARGO_PKG_VERSION"),
        description: env!("CARGO_PKG_DESCRIPTION"),
    };
    const NODE_TYPES: &'static [&'static dyn NodeType] = registry![Quota];
}

export_node_types!(Plugin);

/// The node type.
struct Quota;

const VERSION: &str = "v1";
const KIND: &str = "ResourceQuota";

impl NodeType for Quota {
    fn name(&self) -> &'static str {
        env!("CARGO_PKG_NAME")
    }

    fn descriptor(&self) -> Descriptor {
        let parameters = Parameters::new()
            .with(Parameter::text("name", "Name").required().about("The name of the quota."))
            .with(Parameter::text("namespace", "Namespace").default("default"))
            .with(Parameter::integer("pods", "Pods").range(1, 10_000).about("How many may exist at once."))
            .with(Parameter::text("cpu", "CPU").about("Sum of all limits, like 4 or 500m."))
            .with(Parameter::text("memory", "Memory").about("Sum of all limits, like 8Gi."));
        Descriptor::new(self.name(), "KubeOrch template")
            .description("Caps what the pods of a namespace may use together.")
            .palette("configuration", "Gauge", &["quota", "limits", "namespace"])
            .use_and_difficulty("low", "easy")
            // Before any workload, so that the cap holds for all of them.
            .rank(10)
            .kind(VERSION, KIND, true)
            .parameters(parameters)
    }

    fn facts(&self, node: &Node) -> Facts {
        Facts::of(node, VERSION, KIND)
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let data = request.node.read(findings);
        let meta = Meta::read(&data, check::dns_subdomain);
        let hard = Tree::new()
            .set_some("pods", data.integer("pods", 1..=10_000).map(|pods| pods.to_string()))
            .set_some("limits.cpu", data.checked("cpu", Quantity::check_positive))
            .set_some("limits.memory", data.checked("memory", Quantity::check_positive));
        if hard.is_empty() {
            data.error("pods", "missing", "nothing is capped", "give pods, cpu or memory");
        }
        let spec = Tree::new().set("hard", hard);
        Rendered::default().object(with_metadata(VERSION, KIND, meta.metadata()).set("spec", spec))
    }

    fn status(&self, request: &StatusRequest) -> Status {
        Status::created(request.live(KIND))
    }
}

#[cfg(test)]
mod tests {
    use kubeorch_plugin_sdk::testing::{Call, ask};
    use serde_json::json;

    use super::Plugin;

    /// `cargo test` runs the code as a program of this machine; `kubeorch plugin test` runs the component.
    #[test]
    fn a_quota_that_caps_nothing_is_refused() {
        let node = json!({ "id": "n1", "type": env!("CARGO_PKG_NAME"), "data": { "name": "cap" } });
        let answer = ask::<Plugin>(Call::Validate, &json!({ "node": node, "links": [] })).unwrap();
        assert_eq!(answer["findings"][0]["field"], "pods");
    }
}
