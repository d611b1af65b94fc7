//! Parameters that node types which make pods have in common.

use kubeorch_plugin_sdk::{Parameter, Parameters};
use serde_json::{Value, json};

use super::host_path::HostPath;

/// Name and namespace.
pub(crate) fn identity(name: &'static str) -> Parameters {
    let about_name = "Name of the object: lower-case letters, digits and hyphens.";
    Parameters::new()
        .with(Parameter::text("name", "Name").required().default(name).about(about_name))
        .with(Parameter::text("namespace", "Namespace").default("default").about("Namespace of the object."))
}

/// The image.
pub(crate) fn image() -> Parameter {
    Parameter::text("image", "Image").required().about("Container image, for example nginx:1.27.")
}

/// The number of pods.
pub(crate) fn replicas() -> Parameter {
    Parameter::integer("replicas", "Replicas")
        .default(1)
        .range(0, 100)
        .about("Number of pods; 0 stops them all. Left to the autoscaler when one is linked.")
}

/// The container's port.
pub(crate) fn port(default: i64) -> Parameter {
    let about = "Port the container listens on; empty for none.";
    Parameter::integer("port", "Container port").default(default).range(1, 65535).about(about)
}

/// Labels of the user's own.
pub(crate) fn labels(about: &str) -> Parameter {
    Parameter::map("labels", "Labels").about(about)
}

/// The label `version`.
pub(crate) fn version() -> Parameter {
    Parameter::text("version", "Version").default("v1").about("Value of the label version.")
}

/// Environment, literal and asked for.
pub(crate) fn environment(parameters: Parameters) -> Parameters {
    let keys = json!({ "type": "object", "required": ["name"], "properties": { "id": { "type": "string" }, "name": { "type": "string", "title": "Name" } } });
    parameters.with(Parameter::map("env", "Environment variables").about("Variables and their values.")).with(
        Parameter::list("envKeys", "Variables asked for", keys)
            .about("Variables whose values are given with each run and never stored."),
    )
}

/// CPU and memory.
pub(crate) fn resources() -> Parameter {
    let amounts = |title: &str| {
        json!({ "type": "object", "title": title, "properties": {
            "cpu": { "type": "string", "title": "CPU", "description": "Cores: 500m or 2." },
            "memory": { "type": "string", "title": "Memory", "description": "Bytes: 256Mi or 1.5Gi." } } })
    };
    let properties = json!({ "requests": amounts("Requests"), "limits": amounts("Limits") });
    Parameter::object("resources", "Resources", properties)
        .about("CPU and memory the container asks for and may use at most.")
}

/// Pull policy, pull secrets and service account.
pub(crate) fn pulling(parameters: Parameters) -> Parameters {
    let policies = ["Always", "IfNotPresent", "Never"];
    let policy = Parameter::choice("imagePullPolicy", "Image pull policy", &policies).default("IfNotPresent");
    let labels = json!({ "Always": "Always", "IfNotPresent": "If not present", "Never": "Never" });
    let about = "Names of secrets for private registries, besides those KubeOrch adds.";
    parameters
        .with(policy.labels(labels).about("When the image is pulled."))
        .with(Parameter::texts("imagePullSecrets", "Image pull secrets").about(about))
        .with(
            Parameter::text("serviceAccountName", "Service account")
                .about("Service account the pods run as."),
        )
}

/// The two probes.
pub(crate) fn probes(parameters: Parameters) -> Parameters {
    let liveness = Parameter::object("livenessProbe", "Liveness probe", probe("/health", 30, 10));
    let readiness = Parameter::object("readinessProbe", "Readiness probe", probe("/ready", 5, 5));
    parameters
        .with(
            liveness.about("Restarts the container when it fails. HTTP on the container port, or a command."),
        )
        .with(readiness.about(
            "Takes the pod out of its services while it fails. HTTP on the container port, or a command.",
        ))
}

fn probe(path: &str, delay: i64, period: i64) -> Value {
    let number = |title: &str, minimum: i64| json!({ "type": "integer", "title": title, "minimum": minimum });
    let with_default = |title: &str, minimum: i64, default: i64| json!({ "type": "integer", "title": title, "minimum": minimum, "default": default });
    json!({
        "path": { "type": "string", "title": "Path", "default": path },
        "port": { "type": ["integer", "string"], "title": "Port", "description": "Another port than the container's." },
        "initialDelaySeconds": with_default("Initial delay (s)", 0, delay),
        "periodSeconds": with_default("Period (s)", 1, period),
        "timeoutSeconds": number("Timeout (s)", 1),
        "successThreshold": number("Successes wanted", 1),
        "failureThreshold": number("Failures allowed", 1),
        "exec": { "type": "object", "title": "Command", "properties": { "command": { "type": "array", "items": { "type": "string" } } } },
        "tcpSocket": { "type": "object", "title": "TCP", "properties": { "port": { "type": ["integer", "string"] } } },
        "httpGet": { "type": "object", "title": "HTTP", "properties": {
            "path": { "type": "string" }, "port": { "type": ["integer", "string"] }, "scheme": { "type": "string", "enum": ["HTTP", "HTTPS"] } } }
    })
}

/// Mounted config maps, secrets and claims.
pub(crate) fn volume_mounts() -> Parameter {
    mounts(&["configMap", "secret", "persistentVolumeClaim"], json!({}))
        .about("Config maps, secrets and claims the container sees as files.")
}

/// As [`volume_mounts`], and files and directories of the cluster node.
pub(crate) fn volume_mounts_with_host() -> Parameter {
    let host = json!({
        "hostPath": { "type": "string", "title": "Path on the node" },
        "hostPathType": { "type": "string", "title": "What is there", "enum": HostPath::KINDS, "default": "Directory" } });
    mounts(&["configMap", "secret", "hostPath", "persistentVolumeClaim"], host).about(
        "Config maps, secrets, claims and directories of the cluster node that the container sees as files.",
    )
}

fn mounts(types: &[&str], more: Value) -> Parameter {
    let mut properties = json!({
        "name": { "type": "string", "title": "Name", "description": "Name of what is mounted." },
        "mountPath": { "type": "string", "title": "Mount path" },
        "type": { "type": "string", "title": "Type", "enum": types },
        "nodeId": { "type": "string", "title": "Node", "description": "Node that makes it; its name is followed." },
        "readOnly": { "type": "boolean", "title": "Read only" },
        "injectAs": { "type": "string", "title": "Inject as", "enum": ["volume", "env"], "default": "volume" } });
    if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
        properties.extend(more);
    }
    let item = json!({ "type": "object", "required": ["type"], "properties": properties });
    Parameter::list("volumeMounts", "Volume mounts", item)
}

/// Command and arguments.
pub(crate) fn command(parameters: Parameters) -> Parameters {
    parameters
        .with(Parameter::texts("command", "Command").about("Instead of the image's entry point."))
        .with(Parameter::texts("args", "Arguments").about("Instead of the image's arguments."))
}
