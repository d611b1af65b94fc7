//! What all node types that make pods share: the pod's template, its parameters, its links and its health.

pub(crate) mod batch;
mod database;
mod env;
pub(crate) mod health;
mod host_path;
mod mounts;
pub(crate) mod parameters;
mod resources;

use kubeorch_plugin_sdk::{
    Facts, Link, Node, Reader, RenderRequest, check,
    kubernetes::{Meta, ProbeDefaults, Tree, label_text, probe},
    read_integer,
};
use serde_json::{Map, Value};

use mounts::Mounts;

/// Every node type that makes pods.
pub(crate) const WORKLOAD: &str = "workload";
/// [`WORKLOAD`] as link rules name it.
pub(crate) const WORKLOADS: &str = "trait:workload";
/// Those whose pods stay up, so that a service can select them.
pub(crate) const LONG_RUNNING: &str = "long-running";
/// Those whose number of replicas can be changed from outside.
pub(crate) const SCALABLE: &str = "scalable";

/// The fact that names the resources of which the pods ask for an amount: `cpu`, `memory`. Who scales them by how much
/// of that amount they use needs to know.
pub(crate) const REQUESTS: &str = "requests";

/// The fact by which a neighbour names the one workload whose replicas it owns, where it does not follow its links.
pub(crate) const SCALE_TARGET: &str = "scaleTarget";

const LIVENESS: ProbeDefaults = ProbeDefaults { path: "/health", initial_delay: 30, period: 10 };
const READINESS: ProbeDefaults = ProbeDefaults { path: "/ready", initial_delay: 5, period: 5 };

/// What pods of a node type are like, besides what the data says.
#[derive(Default)]
pub(crate) struct Make<'a> {
    /// Volumes that the workload itself brings along.
    pub(crate) own: &'a [OwnVolume],
    /// They carry the label `version`.
    pub(crate) versioned: bool,
    /// They stay up, so they listen on a port and have probes.
    pub(crate) long_running: bool,
    /// They may mount directories of the cluster node.
    pub(crate) host_paths: bool,
    /// More members of the pod's spec.
    pub(crate) pod: Tree,
    /// More members of the container.
    pub(crate) container: Tree,
}

/// A pod template under construction.
pub(crate) struct Pods {
    pub(crate) meta: Meta,
    pub(crate) template: Tree,
    pub(crate) notes: Vec<String>,
    mounts: Mounts,
}

/// A volume that the workload itself brings along.
pub(crate) struct OwnVolume {
    pub(crate) name: String,
    pub(crate) path: String,
}

impl Pods {
    /// Reads everything that pods have in common.
    pub(crate) fn read(reader: &Reader<'_>, request: &RenderRequest, make: Make<'_>) -> Self {
        let meta = Meta::read(reader, check::dns_subdomain);
        let meta = if make.versioned { meta.versioned(reader) } else { meta };
        let mut notes = Vec::new();
        let mut mounts = Mounts::of(make.own);
        mounts.read(reader, make.host_paths, &request.links, &meta.namespace, &mut notes);
        let container = container(reader, &meta, &mounts, make.long_running).merge(make.container);
        let spec = make
            .pod
            .set_some("serviceAccountName", reader.checked("serviceAccountName", check::dns_subdomain))
            .set_filled("imagePullSecrets", pull_secrets(reader))
            .set("containers", vec![Value::from(container)])
            .set_filled("volumes", mounts.volumes());
        let template =
            Tree::new().set("metadata", Tree::new().set("labels", meta.pod_labels())).set("spec", spec);
        database::warn_about_password(reader, mounts.hold_secret());
        Self { meta, template, notes, mounts }
    }

    /// Reads the number of pods. `None`: a neighbour owns it, and ours would fight with it at every run.
    pub(crate) fn replicas(&mut self, reader: &Reader<'_>, links: &[Link]) -> Option<i64> {
        let given = reader.integer("replicas", 0..=i64::from(i32::MAX));
        if given.is_some_and(|count| count > 100) {
            let message = format_args!("replicas {} is a lot", given.unwrap_or_default());
            reader.warning("replicas", "high", message, "check that it isn't a typing error");
        }
        let count = given.unwrap_or(1);
        let owns = |facts: &Facts| {
            let named = facts.more.get(SCALE_TARGET);
            facts.scales_replicas && named.is_none_or(|name| *name == *self.meta.name)
        };
        let Some(link) = links.iter().find(|link| owns(&link.peer.facts)) else {
            self.mounts.warn_about_sharing(reader, count);
            return Some(count);
        };
        let owner = format!("{} {}", link.peer.kind, link.peer.facts.name);
        // One is what an editor fills in by itself.
        if count != 1 {
            let message = format_args!("replicas {count} is not applied: {owner} sets the number of pods");
            let hint = "set its smallest and largest number instead, and clear replicas";
            reader.warning("replicas", "scaled", message, hint);
        }
        self.notes.push(format!("replicas left to {owner}"));
        None
    }

    /// Reports a name that is longer than what Kubernetes makes of it may be. `title` is `a deployment`.
    pub(crate) fn limit_name(&self, reader: &Reader<'_>, longest: usize, title: &str, hint: &str) {
        if self.meta.name.len() > longest {
            let message = format_args!("the name of {title} is longer than {longest} characters");
            reader.error("name", "invalid", message, hint);
        }
    }

    /// The selector of the pods, as text.
    pub(crate) fn label_selector(&self) -> String {
        format!("app={}", label_text(&self.meta.name))
    }
}

/// Why names of what selects its pods by the label `app` are short.
pub(crate) const SHORT_NAME: &str = "pods are selected by the label app, which holds 63 characters";

/// What neighbours may know about a node that makes pods.
pub(crate) fn facts(node: &Node, api_version: &str, kind: &str) -> Facts {
    let port = read_integer(&node.data, "port", 1..=65535);
    let mut labels = Map::new();
    labels.insert("app".to_owned(), label_text(node.name()).into());
    let mut facts =
        Facts { labels, port, ports: port.into_iter().collect(), ..Facts::of(node, api_version, kind) };
    facts.more.insert(REQUESTS.to_owned(), resources::requested(node).into());
    facts
}

fn container(reader: &Reader<'_>, meta: &Meta, mounts: &Mounts, long_running: bool) -> Tree {
    const HINT: &str = "give the image to run, for example nginx:1.27";
    let port = if long_running { reader.integer("port", 1..=65535) } else { None };
    let probe = |key, defaults| if long_running { probe(reader, key, port, defaults) } else { None };
    let image = reader.required_text("image", HINT).and_then(|_| reader.checked("image", check::image));
    let policies = ["Always", "IfNotPresent", "Never"];
    let ports: Vec<Value> = port
        .map(|port| Tree::new().set("name", "http").set("containerPort", port).set("protocol", "TCP").into())
        .into_iter()
        .collect();
    Tree::new()
        .set("name", container_name(&meta.name))
        .set_some("image", image)
        .set("imagePullPolicy", reader.choice("imagePullPolicy", &policies).unwrap_or("IfNotPresent"))
        .set_filled("command", reader.texts("command"))
        .set_filled("args", reader.texts("args"))
        .set_filled("ports", ports)
        .set_filled("env", env::read(reader))
        .set_filled("envFrom", mounts.env_from())
        .set_filled("resources", resources::read(reader))
        .set_some("livenessProbe", probe("livenessProbe", LIVENESS))
        .set_some("readinessProbe", probe("readinessProbe", READINESS))
        .set_filled("volumeMounts", mounts.mounts())
        .set_filled("volumeDevices", mounts.devices())
}

/// The object's name as a DNS label.
pub(crate) fn container_name(name: &str) -> String {
    label_text(name).replace('.', "-")
}

fn pull_secrets(reader: &Reader<'_>) -> Vec<Value> {
    let names = reader.checked_texts("imagePullSecrets", check::dns_subdomain);
    names.into_iter().map(|name| Tree::new().set("name", name).into()).collect()
}

/// How a claim may be mounted.
pub(crate) const ACCESS_MODES: [&str; 4] =
    ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];

/// The member `accessModes`; `ReadWriteOnce` when there is none.
pub(crate) fn access_modes(reader: &Reader<'_>) -> Vec<String> {
    let mut modes: Vec<String> = Vec::new();
    for mode in reader.texts("accessModes") {
        if !ACCESS_MODES.contains(&mode) {
            let hint = format!("use {}", ACCESS_MODES.join(", "));
            reader.error("accessModes", "invalid", format_args!("access mode {mode:?} is not known"), hint);
        } else if !modes.iter().any(|other| other == mode) {
            modes.push(mode.to_owned());
        }
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        let message = "ReadWriteOncePod can't be combined with other access modes";
        reader.error("accessModes", "exclusive", message, "leave the others out");
    }
    if modes.is_empty() {
        modes.push("ReadWriteOnce".to_owned());
    }
    modes
}
