//! `configmap`: configuration in plain sight.

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, RenderRequest, Rendered, Status, StatusRequest,
    check,
    kubernetes::{Meta, Tree, with_metadata},
    read_text,
};
use serde_json::json;

use crate::workload::{WORKLOADS, parameters};

/// See the module.
pub(crate) struct ConfigMap;

const KIND: &str = "ConfigMap";
/// The API server refuses more.
const MOST_BYTES: usize = 1024 * 1024;

impl NodeType for ConfigMap {
    fn name(&self) -> &'static str {
        "configmap"
    }

    fn descriptor(&self) -> Descriptor {
        let inject = Parameter::choice("injectAs", "Inject as", &["volume", "env"]).default("volume");
        let all = parameters::identity("my-configmap")
            .with(Parameter::map("data", "Data").about("Keys and their values."))
            .with(parameters::labels("Labels of the config map."))
            .with(
                Parameter::text("mountPath", "Mount path")
                    .default("/etc/config")
                    .about("Where linked workloads mount it."),
            )
            .with(inject.about("How linked workloads see it: as files, or as environment variables."));
        Descriptor::new(self.name(), "ConfigMap")
            .description("Holds configuration that workloads read as files or variables.")
            .palette("configuration", "FileSliders", &["configuration", "settings", "files"])
            .use_and_difficulty("high", "easy")
            .rank(10)
            .kind("v1", KIND, true)
            .link("mounts", &[WORKLOADS], "Mounted into the workload, or taken as its environment.")
            .start(json!({ "data": { "_new_1": "" }, "mountPath": "/etc/config" }))
            .parameters(all)
    }

    fn facts(&self, node: &Node) -> Facts {
        Facts {
            mount_path: Some(read_text(&node.data, "mountPath").unwrap_or("/etc/config").to_owned()),
            inject_as: read_text(&node.data, "injectAs").map(str::to_owned),
            ..Facts::of(node, "v1", KIND)
        }
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let meta = Meta::read(&reader, check::dns_subdomain);
        reader.checked("mountPath", check::absolute_path);
        reader.choice("injectAs", &["volume", "env"]);
        let mut data = reader.map("data");
        data.retain(|(key, _)| {
            // The editor's placeholders for keys that have no name yet.
            if key.starts_with("_new_") {
                return false;
            }
            let bad = check::config_key(key).err();
            if let Some(why) = &bad {
                let field = reader.field(&format!("data.{key}"));
                findings.error("key_invalid", field, format!("key {key:?} {}", why.problem), why.hint);
            }
            bad.is_none()
        });
        let bytes: usize = data.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > MOST_BYTES {
            let message =
                format_args!("data holds {bytes} bytes, more than the {MOST_BYTES} that Kubernetes takes");
            reader.error("data", "too_large", message, "split it, or use a volume");
        }
        let data: Tree = data.into_iter().collect();
        let object = with_metadata("v1", KIND, meta.metadata()).set("data", data);
        Rendered::default().object(object)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        Status::created(request.live(KIND))
    }
}
