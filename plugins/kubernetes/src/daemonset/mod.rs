//! `daemonset`: one pod on every node of the cluster, or on those it selects.

mod parameters;
mod placement;
mod rollout;

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, RenderRequest, Rendered, Status, StatusRequest,
    kubernetes::{Tree, integer_at, text_at, with_metadata},
};
use serde_json::json;

use crate::workload::{
    self, LONG_RUNNING, Make, Pods, SHORT_NAME, WORKLOAD,
    health::{Counts, Members, newest_revision, problem},
};

/// See the module.
pub(crate) struct DaemonSet;

const API_VERSION: &str = "apps/v1";
const KIND: &str = "DaemonSet";
const SCHEDULED: Members =
    Members { desired: "desiredNumberScheduled", ready: "numberReady", none: "no cluster node is selected" };

impl NodeType for DaemonSet {
    fn name(&self) -> &'static str {
        "daemonset"
    }

    fn descriptor(&self) -> Descriptor {
        let start =
            json!({ "name": "daemonset-<n>", "image": "", "port": 8080, "updateStrategy": "RollingUpdate" });
        Descriptor::new(self.name(), "DaemonSet")
            .description("Runs one pod on every node of the cluster, for example to collect logs.")
            .palette("core", "Server", &["workload", "pods", "agent", "logging", "monitoring"])
            .use_and_difficulty("medium", "medium")
            .traits(&[WORKLOAD, LONG_RUNNING])
            .rank(30)
            .kind(API_VERSION, KIND, true)
            .start(start)
            .env_keys("envKeys")
            .parameters(parameters::all())
    }

    fn facts(&self, node: &Node) -> Facts {
        workload::facts(node, API_VERSION, KIND)
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let strategy = rollout::strategy(&reader);
        let make = Make {
            long_running: true,
            host_paths: true,
            pod: placement::pod(&reader),
            container: Tree::new().set_filled("securityContext", placement::security(&reader)),
            ..Make::default()
        };
        let pods = Pods::read(&reader, request, make);
        pods.limit_name(&reader, 63, "a daemon set", SHORT_NAME);
        let selector = pods.label_selector();
        let spec = Tree::new()
            .set("selector", Tree::new().set("matchLabels", pods.meta.selector()))
            .set("updateStrategy", strategy)
            .set("template", pods.template);
        let object = with_metadata(API_VERSION, KIND, pods.meta.metadata()).set("spec", spec);
        Rendered::default().object(object).observe_pods(&pods.meta.namespace, selector).notes(pods.notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else { return Counts::absent(&SCHEDULED) };
        let count = |key: &str| integer_at(live, &["status", key]).unwrap_or(0);
        let desired = count("desiredNumberScheduled");
        let seen = count("observedGeneration") >= integer_at(live, &["metadata", "generation"]).unwrap_or(0);
        let updated = count("updatedNumberScheduled");
        // Pods of this strategy are replaced when somebody deletes them, so nobody waits for that.
        let by_hand = text_at(live, &["spec", "updateStrategy", "type"]) == Some(rollout::ON_DELETE);
        let done = match () {
            () if !seen => Err(Some("the change is not taken up yet".to_owned())),
            () if updated < desired && !by_hand => {
                Err((updated > 0).then(|| format!("{updated}/{desired} updated")))
            }
            () if count("numberAvailable") < desired => Err(None),
            () => Ok(()),
        };
        let of_update = newest_revision(&request.observed, "controller-revision-hash");
        let failure = (seen && updated > 0).then(|| problem(of_update)).flatten();
        Counts { of: &SCHEDULED, desired, ready: count("numberReady") }.status(done, failure)
    }
}
