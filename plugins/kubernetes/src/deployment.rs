//! `deployment`: interchangeable pods that are replaced step by step.

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, RenderRequest, Rendered, Status, StatusRequest,
    kubernetes::{Tree, condition, integer_at, qualified_name, text_at, with_metadata},
};
use serde_json::{Value, json};

use crate::workload::{
    self, LONG_RUNNING, Make, Pods, SCALABLE, SHORT_NAME, WORKLOAD,
    health::{Counts, Problem, REPLICAS, newest_revision, problem},
    parameters,
};

/// See the module.
pub(crate) struct Deployment;

const API_VERSION: &str = "apps/v1";
const KIND: &str = "Deployment";

impl NodeType for Deployment {
    fn name(&self) -> &'static str {
        "deployment"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "name": "deployment-<n>", "namespace": "default", "image": "", "replicas": 1, "port": 8080 });
        let all = parameters::identity("my-deployment")
            .with(parameters::image())
            .with(parameters::replicas())
            .with(parameters::port(8080));
        let all = parameters::environment(all).with(parameters::resources());
        let all = all.with(parameters::labels("Labels of the deployment and its pods."));
        let all = parameters::probes(parameters::pulling(all)).with(parameters::version());
        let all = parameters::command(all.with(parameters::volume_mounts()));
        Descriptor::new(self.name(), "Deployment")
            .description("Runs interchangeable pods and replaces them step by step.")
            .palette("core", "Package", &["workload", "pods", "stateless", "application"])
            .use_and_difficulty("very-high", "easy")
            .traits(&[WORKLOAD, LONG_RUNNING, SCALABLE])
            .rank(30)
            .kind(API_VERSION, KIND, true)
            .start(start)
            .env_keys("envKeys")
            .parameters(all)
    }

    fn facts(&self, node: &Node) -> Facts {
        workload::facts(node, API_VERSION, KIND)
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let make = Make { versioned: true, long_running: true, ..Make::default() };
        let mut pods = Pods::read(&reader, request, make);
        let selector = pods.label_selector();
        pods.limit_name(&reader, 63, "a deployment", SHORT_NAME);
        let spec = Tree::new()
            .set_some("replicas", pods.replicas(&reader, &request.links))
            .set("selector", Tree::new().set("matchLabels", pods.meta.selector()))
            .set("template", pods.template);
        let object = with_metadata(API_VERSION, KIND, pods.meta.metadata()).set("spec", spec);
        Rendered::default().object(object).observe_pods(&pods.meta.namespace, selector).notes(pods.notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else { return Counts::absent(&REPLICAS) };
        let count = |key: &str| integer_at(live, &["status", key]).unwrap_or(0);
        let desired = integer_at(live, &["spec", "replicas"]).unwrap_or(1);
        let seen = count("observedGeneration") >= integer_at(live, &["metadata", "generation"]).unwrap_or(0);
        let failure = seen.then(|| failure(live, &request.observed, count("updatedReplicas"))).flatten();
        let (total, updated, available) =
            (count("replicas"), count("updatedReplicas"), count("availableReplicas"));
        let done = match () {
            () if !seen => Err(Some("the change is not taken up yet".to_owned())),
            () if updated < desired => Err((total > 0).then(|| format!("{updated}/{desired} updated"))),
            () if total > desired => Err(Some(format!("{} still to stop", total - desired))),
            () if available < desired => Err(None),
            () => Ok(()),
        };
        Counts { of: &REPLICAS, desired, ready: count("readyReplicas") }.status(done, failure)
    }
}

/// What keeps the roll-out from ending. Pods are looked at only when some belong to the newest revision: before that,
/// all of them are about to be replaced.
fn failure(live: &Value, pods: &[Value], updated: i64) -> Option<Problem> {
    let of_pods = (updated > 0).then(|| problem(newest_revision(pods, "pod-template-hash"))).flatten();
    let stalled = condition(live, "Progressing")
        .filter(|it| text_at(it, &["status"]) == Some("False"))
        .filter(|it| text_at(it, &["reason"]) == Some("ProgressDeadlineExceeded"));
    let refused = condition(live, "ReplicaFailure").filter(|it| text_at(it, &["status"]) == Some("True"));
    // A pod says more than a deadline, so it stays the explanation of a roll-out that is given up.
    match (of_pods, stalled, refused) {
        (Some(problem), Some(_), _) => Some(Problem { fatal: true, ..problem }),
        (Some(problem), None, _) => Some(problem),
        (None, Some(it), refused) => Some(of_condition(live, refused.unwrap_or(it), true)),
        (None, None, Some(it)) => Some(of_condition(live, it, false)),
        (None, None, None) => None,
    }
}

fn of_condition(live: &Value, condition: &Value, fatal: bool) -> Problem {
    let reason = text_at(condition, &["reason"]).unwrap_or(KIND).to_owned();
    let message = text_at(condition, &["message"]).unwrap_or(&reason).to_owned();
    Problem { reason, object: qualified_name(KIND, live), message, fatal }
}
