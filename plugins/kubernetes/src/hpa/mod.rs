//! `hpa`: the number of a workload's pods by how much they use.

mod metrics;
mod parameters;
mod state;
mod target;

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Reader, RenderRequest, Rendered, Status, StatusRequest,
    check,
    kubernetes::{Meta, Tree, with_metadata},
    read_text,
};
use serde_json::json;

use crate::workload::SCALE_TARGET;
use target::Target;

/// See the module.
pub(crate) struct HorizontalPodAutoscaler;

const API_VERSION: &str = "autoscaling/v2";
const KIND: &str = "HorizontalPodAutoscaler";
/// The role of its links.
const ROLE: &str = "scales";
/// Whose pods it can scale.
const SCALABLE: &str = "trait:scalable";

impl NodeType for HorizontalPodAutoscaler {
    fn name(&self) -> &'static str {
        "hpa"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "minReplicas": 1, "maxReplicas": 10, "targetCPUUtilization": 80, "scaleTargetKind": "Deployment", "scaleTargetName": "" });
        Descriptor::new(self.name(), "Horizontal Pod Autoscaler")
            .description("Sets the number of a workload's pods by how much they use.")
            .palette("core", "TrendingUp", &["scaling", "autoscaling", "replicas", "load"])
            .use_and_difficulty("medium", "medium")
            .rank(40)
            .kind(API_VERSION, KIND, true)
            .link(ROLE, &[SCALABLE], "Sets the number of the workload's pods.")
            .start(start)
            .parameters(parameters::all())
    }

    fn facts(&self, node: &Node) -> Facts {
        let mut facts = Facts { scales_replicas: true, ..Facts::of(node, API_VERSION, KIND) };
        // A copied name may be out of date; one that is nobody's copy says who is scaled, whatever is linked.
        let own = read_text(&node.data, "scaleTargetName");
        if let Some(name) = own.filter(|_| read_text(&node.data, target::COPIED_FROM).is_none()) {
            facts.more.insert(SCALE_TARGET.to_owned(), name.into());
        }
        facts
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let mut notes = Vec::new();
        let mut meta = Meta::read(&reader, check::dns_subdomain);
        let target = Target::find(&reader, &request.links, &mut notes);
        target.place(&reader, request.node.own_namespace(), &mut meta.namespace, &mut notes);
        let (least, most) = replicas(&reader);
        let spec = Tree::new()
            .set_filled("scaleTargetRef", target.reference())
            .set("minReplicas", least)
            .set("maxReplicas", most)
            .set("metrics", metrics::read(&reader, &target))
            .set_filled("behavior", metrics::behavior(&reader));
        let object = with_metadata(API_VERSION, KIND, meta.metadata()).set("spec", spec);
        Rendered::default().object(object).notes(notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        state::of(request.live(KIND))
    }
}

/// The smallest and the largest number of pods.
fn replicas(reader: &Reader<'_>) -> (i64, i64) {
    let count = |key: &str| reader.integer(key, 1..=i64::from(i32::MAX));
    let least = count("minReplicas").unwrap_or(1);
    let most = count("maxReplicas").unwrap_or(10);
    if least > most {
        let message = format_args!("minReplicas {least} is more than maxReplicas {most}");
        reader.error("minReplicas", "above_max", message, "raise maxReplicas or lower minReplicas");
    }
    (least, most)
}
