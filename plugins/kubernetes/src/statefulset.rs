//! `statefulset`: pods with names and volumes of their own, and the headless service that names them.

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Reader, RenderRequest, Rendered, Status,
    StatusRequest,
    check::{self, Quantity},
    kubernetes::{Tree, integer_at, object, text_at, with_metadata},
    read_text,
};
use serde_json::{Value, json};

use crate::workload::{
    self, LONG_RUNNING, Make, OwnVolume, Pods, SCALABLE, WORKLOAD,
    health::{Counts, REPLICAS, problem},
    parameters,
};

/// See the module.
pub(crate) struct StatefulSet;

const API_VERSION: &str = "apps/v1";
const KIND: &str = "StatefulSet";
/// Kubernetes labels each pod with `<name>-<10 characters>`, and a label holds 63.
const LONGEST_NAME: usize = 52;

impl NodeType for StatefulSet {
    fn name(&self) -> &'static str {
        "statefulset"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "name": "statefulset-<n>", "serviceName": "statefulset-<n>-headless", "image": "", "replicas": 1, "port": 5432 });
        let service = Parameter::text("serviceName", "Service name").required();
        let all = parameters::identity("my-statefulset")
            .with(
                service
                    .about("Headless service that gives the pods their names; made when the graph has none."),
            )
            .with(parameters::image().default("postgres:15"))
            .with(parameters::replicas())
            .with(parameters::port(5432))
            .with(parameters::resources())
            .with(claim_templates())
            .with(parameters::version())
            .with(parameters::labels("Labels of the stateful set and its pods."));
        let all = parameters::environment(parameters::pulling(all));
        let all = parameters::command(parameters::probes(all).with(parameters::volume_mounts()));
        Descriptor::new(self.name(), "StatefulSet")
            .description("Runs pods with stable names and volumes of their own, as databases want.")
            .palette("core", "Database", &["workload", "pods", "stateful", "database"])
            .use_and_difficulty("high", "medium")
            .traits(&[WORKLOAD, LONG_RUNNING, SCALABLE])
            .rank(31)
            .kind(API_VERSION, KIND, true)
            .kind("v1", "Service", true)
            .start(start)
            .env_keys("envKeys")
            .parameters(all)
    }

    fn facts(&self, node: &Node) -> Facts {
        let service_name = read_text(&node.data, "serviceName").map(str::to_owned);
        Facts { service_name, ..workload::facts(node, API_VERSION, KIND) }
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let claims = Claim::read(&reader);
        let own: Vec<OwnVolume> = claims.iter().map(Claim::volume).collect();
        let make = Make { own: &own, versioned: true, long_running: true, ..Make::default() };
        let mut pods = Pods::read(&reader, request, make);
        let replicas = pods.replicas(&reader, &request.links);
        let hint = "shorten it: Kubernetes adds to it in a label of each pod";
        pods.limit_name(&reader, LONGEST_NAME, "a stateful set", hint);
        let hint = "give the name of the headless service, for example <name>-headless";
        let service = reader
            .required_text("serviceName", hint)
            .and_then(|_| reader.checked("serviceName", check::dns_service));
        let selector = pods.label_selector();
        let headless = service.map(|name| headless(&pods, name, reader.integer("port", 1..=65535)));
        let spec = Tree::new()
            .set_some("serviceName", service)
            .set_some("replicas", replicas)
            .set("selector", Tree::new().set("matchLabels", pods.meta.selector()))
            .set("template", pods.template)
            .set_filled(
                "volumeClaimTemplates",
                claims.iter().map(|claim| claim.template().into()).collect::<Vec<Value>>(),
            );
        let object = with_metadata(API_VERSION, KIND, pods.meta.metadata()).set("spec", spec);
        let rendered = Rendered::default();
        let rendered = headless.into_iter().fold(rendered, Rendered::object_if_absent);
        rendered.object(object).observe_pods(&pods.meta.namespace, selector).notes(pods.notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Counts::absent(&REPLICAS).member("currentReplicas", 0);
        };
        let count = |key: &str| integer_at(live, &["status", key]).unwrap_or(0);
        let desired = integer_at(live, &["spec", "replicas"]).unwrap_or(1);
        let seen = count("observedGeneration") >= integer_at(live, &["metadata", "generation"]).unwrap_or(0);
        let update = text_at(live, &["status", "updateRevision"]);
        let ready = count("readyReplicas");
        let done = match () {
            () if !seen => Err(Some("the change is not taken up yet".to_owned())),
            () if update != text_at(live, &["status", "currentRevision"]) => {
                Err(Some(format!("{}/{desired} updated", count("updatedReplicas"))))
            }
            () if count("replicas") > desired => {
                Err(Some(format!("{} still to stop", count("replicas") - desired)))
            }
            () if count("replicas") < desired || ready < desired => Err(None),
            () => Ok(()),
        };
        let of_update = |pod: &&Value| {
            let revision = text_at(pod, &["metadata", "labels", "controller-revision-hash"]);
            update.is_none() || revision.is_none() || revision == update
        };
        let failure = seen.then(|| problem(request.observed.iter().filter(of_update))).flatten();
        let status = Counts { of: &REPLICAS, desired, ready }.status(done, failure);
        status.member("currentReplicas", count("currentReplicas"))
    }
}

/// The service that `serviceName` names, for graphs that have no node for it.
fn headless(pods: &Pods, name: &str, port: Option<i64>) -> Tree {
    let entry = |port| {
        Tree::new().set("name", "http").set("protocol", "TCP").set("port", port).set("targetPort", port)
    };
    let ports: Vec<Value> = port.map(|port| entry(port).into()).into_iter().collect();
    let spec =
        Tree::new().set("clusterIP", "None").set("selector", pods.meta.selector()).set_filled("ports", ports);
    let metadata = Tree::new()
        .set("name", name)
        .set("namespace", pods.meta.namespace.as_str())
        .set("labels", pods.meta.object_labels());
    with_metadata("v1", "Service", metadata).set("spec", spec)
}

/// A claim that every pod gets for itself.
struct Claim {
    name: String,
    modes: Vec<String>,
    storage: String,
    class: Option<String>,
}

impl Claim {
    fn read(reader: &Reader<'_>) -> Vec<Self> {
        let mut claims: Vec<Self> = Vec::new();
        for item in reader.items("volumeClaimTemplates") {
            let hint = "give the volume a name, for example data";
            let Some(name) =
                item.required_text("name", hint).and_then(|_| item.checked("name", check::dns_label))
            else {
                continue;
            };
            if claims.iter().any(|other| other.name == name) {
                item.error(
                    "name",
                    "duplicate",
                    format_args!("there are two volumes {name}"),
                    "give each its own name",
                );
                continue;
            }
            let storage = item.checked("storage", Quantity::check_positive).unwrap_or("10Gi").to_owned();
            let class = item.checked("storageClassName", check::dns_subdomain).map(str::to_owned);
            claims.push(Self { name: name.to_owned(), modes: workload::access_modes(&item), storage, class });
        }
        claims
    }

    fn volume(&self) -> OwnVolume {
        OwnVolume { name: self.name.clone(), path: format!("/data/{}", self.name) }
    }

    fn template(&self) -> Tree {
        let storage = Tree::new().set("storage", self.storage.as_str());
        let spec = Tree::new()
            .set("accessModes", self.modes.clone())
            .set_some("storageClassName", self.class.as_deref())
            .set("resources", Tree::new().set("requests", storage));
        object("v1", "PersistentVolumeClaim", &self.name, None).set("spec", spec)
    }
}

fn claim_templates() -> Parameter {
    let item = json!({ "type": "object", "required": ["name"], "properties": {
        "id": { "type": "string" },
        "name": { "type": "string", "title": "Name", "description": "Mounted at /data/<name>." },
        "accessModes": { "type": "array", "title": "Access modes", "items": { "type": "string", "enum": workload::ACCESS_MODES }, "default": ["ReadWriteOnce"] },
        "storage": { "type": "string", "title": "Storage", "default": "10Gi" },
        "storageClassName": { "type": "string", "title": "Storage class" } } });
    Parameter::list("volumeClaimTemplates", "Volumes", item).about("Volumes that every pod gets for itself.")
}
