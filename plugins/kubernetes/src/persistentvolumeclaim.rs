//! `persistentvolumeclaim`: storage that outlives pods.

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Phase, RenderRequest, Rendered, Status,
    StatusRequest,
    check::{self, Quantity},
    kubernetes::{Meta, Tree, qualified_name, text_at, with_metadata},
};
use serde_json::{Value, json};

use crate::workload::{self, ACCESS_MODES, parameters};

/// See the module.
pub(crate) struct PersistentVolumeClaim;

const KIND: &str = "PersistentVolumeClaim";
const MODES: [&str; 2] = ["Filesystem", "Block"];

impl NodeType for PersistentVolumeClaim {
    fn name(&self) -> &'static str {
        "persistentvolumeclaim"
    }

    fn descriptor(&self) -> Descriptor {
        let modes =
            Parameter::list("accessModes", "Access modes", json!({ "type": "string", "enum": ACCESS_MODES }));
        let volume = Parameter::choice("volumeMode", "Volume mode", &MODES).default("Filesystem");
        let all = parameters::identity("my-claim")
            .with(
                Parameter::text("storageClassName", "Storage class")
                    .about("Empty for the cluster's default."),
            )
            .with(
                Parameter::text("storage", "Storage")
                    .required()
                    .default("10Gi")
                    .about("How much; can grow later, never shrink."),
            )
            .with(
                modes
                    .required()
                    .default(json!(["ReadWriteOnce"]))
                    .about("How many cluster nodes or pods may mount it."),
            )
            .with(volume.about("A file system, or a raw device."))
            .with(parameters::labels("Labels of the claim."));
        Descriptor::new(self.name(), "PersistentVolumeClaim")
            .description("Asks for storage that outlives pods.")
            .palette("storage", "HardDrive", &["storage", "volume", "disk"])
            .use_and_difficulty("high", "easy")
            .rank(10)
            .kind("v1", KIND, true)
            .link("mounts", &[workload::WORKLOADS], "Mounted into the workload.")
            .retained()
            .start(json!({ "storage": "10Gi", "accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem" }))
            .parameters(all)
    }

    fn facts(&self, node: &Node) -> Facts {
        let mut facts = Facts::of(node, "v1", KIND);
        for member in ["accessModes", "volumeMode"] {
            if let Some(value) = node.data.get(member).filter(|value| !value.is_null()) {
                facts.more.insert(member.to_owned(), value.clone());
            }
        }
        facts
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let meta = Meta::read(&reader, check::dns_subdomain);
        let storage = reader.checked("storage", Quantity::check_positive).unwrap_or("10Gi");
        let requests = Tree::new().set("storage", storage);
        let spec = Tree::new()
            .set("accessModes", workload::access_modes(&reader))
            .set_some("storageClassName", reader.checked("storageClassName", check::dns_subdomain))
            .set("volumeMode", reader.choice("volumeMode", &MODES).unwrap_or("Filesystem"))
            .set("resources", Tree::new().set("requests", requests));
        Rendered::default().object(with_metadata("v1", KIND, meta.metadata()).set("spec", spec))
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Status::new(Phase::Pending, "Pending").message("not created yet");
        };
        let status = match text_at(live, &["status", "phase"]) {
            Some("Bound") => Status::new(Phase::Ready, "Bound").message("bound"),
            Some("Lost") => Status::new(Phase::Failed, "Lost")
                .message("the volume it was bound to is gone")
                .because("Lost", Some(qualified_name(KIND, live))),
            // Whether the class waits for a first consumer isn't visible here: it may stay so until a pod mounts it.
            _ => Status::new(Phase::Progressing, "Pending")
                .message("waiting for a volume, or for a first pod to mount it"),
        };
        let capacity = live.pointer("/status/capacity/storage").and_then(Value::as_str);
        status.member_if("capacity", capacity).member_if("volumeName", text_at(live, &["spec", "volumeName"]))
    }
}
