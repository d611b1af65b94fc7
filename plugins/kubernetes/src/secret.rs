//! `secret`: values that are given with each run and never stored with the workflow.

use base64::{Engine, engine::general_purpose::STANDARD};
use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Reader, RenderRequest, Rendered, Runtime, Status,
    StatusRequest, check,
    kubernetes::{Meta, with_metadata},
    read_text,
};
use serde_json::{Map, Value, json};

use crate::workload::{WORKLOADS, parameters};

/// See the module.
pub(crate) struct Secret;

const KIND: &str = "Secret";
const TYPES: [&str; 3] = ["Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson"];
/// Characters of a generated value when `generate` is only `true`.
const GENERATED: i64 = 24;

impl NodeType for Secret {
    fn name(&self) -> &'static str {
        "secret"
    }

    fn descriptor(&self) -> Descriptor {
        let labels = json!({ "Opaque": "Opaque", "kubernetes.io/tls": "TLS certificate", "kubernetes.io/dockerconfigjson": "Registry credentials" });
        let key = json!({ "type": "object", "required": ["name"], "properties": {
            "id": { "type": "string" }, "name": { "type": "string", "title": "Name" },
            "generate": { "type": ["integer", "boolean"], "title": "Generate", "description": "Make a random value of that many characters when there is none." } } });
        let data = Parameter::map("data", "Data").about(
            "Values that are stored with the workflow, readable by all who may read it; better use keys.",
        );
        let inject = Parameter::choice("injectAs", "Inject as", &["volume", "env"]).default("volume");
        let all = parameters::identity("my-secret")
            .with(
                Parameter::choice("secretType", "Type", &TYPES)
                    .default("Opaque")
                    .labels(labels)
                    .about("What the secret holds."),
            )
            .with(
                Parameter::list("keys", "Keys", key)
                    .about("Names of the values; the values are given with each run and never stored."),
            )
            .with(data)
            .with(parameters::labels("Labels of the secret."))
            .with(
                Parameter::text("mountPath", "Mount path")
                    .default("/etc/secrets")
                    .about("Where linked workloads mount it."),
            )
            .with(inject.about("How linked workloads see it: as files, or as environment variables."));
        Descriptor::new(self.name(), "Secret")
            .description("Holds passwords, tokens and certificates.")
            .palette("configuration", "Lock", &["configuration", "password", "credentials", "tls"])
            .use_and_difficulty("high", "easy")
            .rank(10)
            .kind("v1", KIND, true)
            .link("mounts", &[WORKLOADS], "Mounted into the workload, or taken as its environment.")
            .retained()
            .start(json!({ "secretType": "Opaque", "keys": [{ "id": "key-1", "name": "" }], "mountPath": "/etc/secrets" }))
            .secret_keys("keys")
            .parameters(all)
    }

    fn facts(&self, node: &Node) -> Facts {
        Facts {
            mount_path: Some(read_text(&node.data, "mountPath").unwrap_or("/etc/secrets").to_owned()),
            inject_as: read_text(&node.data, "injectAs").map(str::to_owned),
            ..Facts::of(node, "v1", KIND)
        }
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let meta = Meta::read(&reader, check::dns_subdomain);
        reader.checked("mountPath", check::absolute_path);
        reader.choice("injectAs", &["volume", "env"]);
        let kind = reader.choice("secretType", &TYPES).unwrap_or("Opaque");
        let stored = stored(&reader);
        let mut data: Map<String, Value> =
            stored.iter().map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value).into())).collect();
        asked_for(&reader, &stored, &mut data);
        check_keys(&reader, kind, &data);
        let object = with_metadata("v1", KIND, meta.metadata()).set("type", kind).set("data", data);
        Rendered::default().object(object)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let live = request.live(KIND);
        Status::created(live).member("secretCreated", live.is_some())
    }
}

/// `data`: values in the workflow itself.
fn stored<'a>(reader: &Reader<'a>) -> Vec<(&'a str, String)> {
    let mut stored = reader.map("data");
    stored.retain(|(key, _)| !key.starts_with("_new_") && valid(reader, key, &format!("data.{key}")));
    if !stored.is_empty() {
        let message = "the values in data are stored with the workflow, readable by all who may read it";
        reader.warning(
            "data",
            "stored",
            message,
            "move their names to keys and give the values with each run",
        );
    }
    stored
}

/// `keys`: values given with each run. A stored one of the same name is what holds without any.
fn asked_for(reader: &Reader<'_>, stored: &[(&str, String)], data: &mut Map<String, Value>) {
    let mut seen: Vec<&str> = Vec::new();
    for item in reader.items("keys") {
        let Some(key) = item.text("name").filter(|key| !key.starts_with("_new_")) else { continue };
        if seen.contains(&key) {
            item.error("name", "duplicate", format_args!("there are two keys {key}"), "remove one");
        } else if valid(&item, key, "name") {
            seen.push(key);
            let generate = match item.get("generate") {
                Some(Value::Bool(true)) => Some(GENERATED),
                Some(Value::Bool(false)) | None => None,
                Some(_) => item.integer("generate", 1..=1024),
            };
            let default = stored.iter().find(|(other, _)| *other == key).map(|(_, value)| value.clone());
            data.insert(
                key.to_owned(),
                Runtime::secret(key).generate(generate).default_value(default).into(),
            );
        }
    }
}

/// The keys that the API server wants of each type.
fn check_keys(reader: &Reader<'_>, kind: &str, data: &Map<String, Value>) {
    let wanted: &[&str] = match kind {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        _ => &[],
    };
    for key in wanted.iter().filter(|key| !data.contains_key(**key)) {
        reader.error(
            "keys",
            "missing",
            format_args!("a secret of type {kind} needs the key {key}"),
            format!("add the key {key}"),
        );
    }
    if data.is_empty() && wanted.is_empty() {
        reader.warning("keys", "empty", "the secret holds nothing", "add the names of its keys");
    }
}

fn valid(reader: &Reader<'_>, key: &str, member: &str) -> bool {
    let Err(why) = check::config_key(key) else { return true };
    reader.findings().error(
        "key_invalid",
        reader.field(member),
        format!("key {key:?} {}", why.problem),
        why.hint,
    );
    false
}
