//! The columns of every kind.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Column;
use super::age::{self, age, between};
use super::scaling::targets;
use super::workloads::{
    containers, job_status, or_none, pod_ready, pod_restarts, pod_status, ratio, selector,
};
use crate::resources::Resource;
use crate::value::{flag, int, list, map, name, terminating, text};

fn named(object: &Value, _: Timestamp) -> Value {
    name(object).into()
}

fn number(object: &Value, pointer: &str) -> Value {
    int(object, pointer).unwrap_or_default().to_string().into()
}

fn size(object: &Value, pointer: &str) -> Value {
    map(object, pointer).map_or(0, serde_json::Map::len).to_string().into()
}

const NAME: Column = ("Name", 0, named);
const AGE: Column = ("Age", 0, age);
const CONTAINERS: Column = ("Containers", 1, |o, _| containers(o, "name"));
const IMAGES: Column = ("Images", 1, |o, _| containers(o, "image"));
const SELECTOR: Column = ("Selector", 1, |o, _| selector(o, "/spec/selector"));

/// The columns of a built-in kind; name and age for those without columns of their own.
pub(super) fn of(id: &str) -> &'static [Column] {
    match id {
        "pods" => &[
            NAME,
            ("Ready", 0, pod_ready),
            ("Status", 0, pod_status),
            ("Restarts", 0, pod_restarts),
            AGE,
            ("IP", 1, |o, _| or_none(o, "/status/podIP")),
            ("Node", 1, |o, _| or_none(o, "/spec/nodeName")),
            ("Nominated Node", 1, |o, _| or_none(o, "/status/nominatedNodeName")),
            ("Readiness Gates", 1, |_, _| "<none>".into()),
        ],
        "deployments.apps" => &[
            NAME,
            ("Ready", 0, |o, _| ratio(o, "/status/readyReplicas", "/spec/replicas")),
            ("Up-to-date", 0, |o, _| number(o, "/status/updatedReplicas")),
            ("Available", 0, |o, _| number(o, "/status/availableReplicas")),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
        "replicasets.apps" => &[
            NAME,
            ("Desired", 0, |o, _| number(o, "/spec/replicas")),
            ("Current", 0, |o, _| number(o, "/status/replicas")),
            ("Ready", 0, |o, _| number(o, "/status/readyReplicas")),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
        "statefulsets.apps" => &[
            NAME,
            ("Ready", 0, |o, _| ratio(o, "/status/readyReplicas", "/spec/replicas")),
            AGE,
            CONTAINERS,
            IMAGES,
        ],
        "daemonsets.apps" => &[
            NAME,
            ("Desired", 0, |o, _| number(o, "/status/desiredNumberScheduled")),
            ("Current", 0, |o, _| number(o, "/status/currentNumberScheduled")),
            ("Ready", 0, |o, _| number(o, "/status/numberReady")),
            ("Up-to-date", 0, |o, _| number(o, "/status/updatedNumberScheduled")),
            ("Available", 0, |o, _| number(o, "/status/numberAvailable")),
            ("Node Selector", 0, |o, _| selector(o, "/spec/template/spec/nodeSelector")),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
        "jobs.batch" => &[
            NAME,
            ("Status", 0, job_status),
            ("Completions", 0, |o, _| ratio(o, "/status/succeeded", "/spec/completions")),
            ("Duration", 0, |o, now| {
                between(text(o, "/status/startTime"), text(o, "/status/completionTime"), now)
            }),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
        "cronjobs.batch" => &[
            NAME,
            ("Schedule", 0, |o, _| text(o, "/spec/schedule").into()),
            ("Timezone", 0, |o, _| or_none(o, "/spec/timeZone")),
            ("Suspend", 0, |o, _| if flag(o, "/spec/suspend") { "True" } else { "False" }.into()),
            ("Active", 0, |o, _| list(o, "/status/active").len().to_string().into()),
            ("Last Schedule", 0, |o, now| match text(o, "/status/lastScheduleTime") {
                "" => "<none>".into(),
                at => age::since(at, now),
            }),
            AGE,
            CONTAINERS,
            IMAGES,
        ],
        _ => others(id),
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one arm a kind")]
fn others(id: &str) -> &'static [Column] {
    match id {
        "services" => &[
            NAME,
            ("Type", 0, |o, _| text(o, "/spec/type").into()),
            ("Cluster-IP", 0, |o, _| or_none(o, "/spec/clusterIP")),
            ("External-IP", 0, external),
            ("Port(s)", 0, ports),
            AGE,
            ("Selector", 1, |o, _| selector(o, "/spec/selector")),
        ],
        "endpoints" => &[NAME, ("Endpoints", 0, endpoints), AGE],
        "ingresses.networking.k8s.io" => &[
            NAME,
            ("Class", 0, |o, _| or_none(o, "/spec/ingressClassName")),
            ("Hosts", 0, |o, _| {
                let hosts: Vec<_> = list(o, "/spec/rules")
                    .iter()
                    .map(|rule| text(rule, "/host"))
                    .filter(|host| !host.is_empty())
                    .collect();
                if hosts.is_empty() { "*".into() } else { hosts.join(",").into() }
            }),
            ("Address", 0, |o, _| {
                let all: Vec<_> =
                    list(o, "/status/loadBalancer/ingress").iter().map(|one| text(one, "/ip")).collect();
                all.join(",").into()
            }),
            ("Ports", 0, |o, _| if list(o, "/spec/tls").is_empty() { "80" } else { "80, 443" }.into()),
            AGE,
        ],
        "configmaps" => &[NAME, ("Data", 0, |o, _| size(o, "/data")), AGE],
        "secrets" => {
            &[NAME, ("Type", 0, |o, _| text(o, "/type").into()), ("Data", 0, |o, _| size(o, "/data")), AGE]
        }
        "namespaces" => &[NAME, ("Status", 0, |o, _| text(o, "/status/phase").into()), AGE],
        "nodes" => &[
            NAME,
            ("Status", 0, |o, _| {
                let ready =
                    crate::value::condition(o, "Ready").is_some_and(|one| text(one, "/status") == "True");
                let word = if ready { "Ready" } else { "NotReady" };
                if flag(o, "/spec/unschedulable") {
                    format!("{word},SchedulingDisabled").into()
                } else {
                    word.into()
                }
            }),
            ("Roles", 0, |_, _| "<none>".into()),
            AGE,
            ("Version", 0, |o, _| text(o, "/status/nodeInfo/kubeletVersion").into()),
            ("Internal-IP", 1, |o, _| or_none(o, "/status/addresses/0/address")),
            ("External-IP", 1, |_, _| "<none>".into()),
            ("OS-Image", 1, |o, _| text(o, "/status/nodeInfo/osImage").into()),
            ("Kernel-Version", 1, |o, _| text(o, "/status/nodeInfo/kernelVersion").into()),
            ("Container-Runtime", 1, |o, _| text(o, "/status/nodeInfo/containerRuntimeVersion").into()),
        ],
        "persistentvolumeclaims" => &[
            NAME,
            ("Status", 0, |o, _| {
                if terminating(o) { "Terminating" } else { text(o, "/status/phase") }.into()
            }),
            ("Volume", 0, |o, _| text(o, "/spec/volumeName").into()),
            ("Capacity", 0, |o, _| text(o, "/status/capacity/storage").into()),
            ("Access Modes", 0, |o, _| modes(o, "/status/accessModes")),
            ("StorageClass", 0, |o, _| text(o, "/spec/storageClassName").into()),
            ("VolumeAttributesClass", 0, |_, _| "<unset>".into()),
            AGE,
            ("VolumeMode", 1, |o, _| text(o, "/spec/volumeMode").into()),
        ],
        "persistentvolumes" => &[
            NAME,
            ("Capacity", 0, |o, _| text(o, "/spec/capacity/storage").into()),
            ("Access Modes", 0, |o, _| modes(o, "/spec/accessModes")),
            ("Reclaim Policy", 0, |o, _| text(o, "/spec/persistentVolumeReclaimPolicy").into()),
            ("Status", 0, |o, _| text(o, "/status/phase").into()),
            ("Claim", 0, |o, _| match text(o, "/spec/claimRef/name") {
                "" => "".into(),
                claim => format!("{}/{claim}", text(o, "/spec/claimRef/namespace")).into(),
            }),
            ("StorageClass", 0, |o, _| text(o, "/spec/storageClassName").into()),
            ("VolumeAttributesClass", 0, |_, _| "<unset>".into()),
            ("Reason", 0, |o, _| text(o, "/status/reason").into()),
            AGE,
            ("VolumeMode", 1, |o, _| text(o, "/spec/volumeMode").into()),
        ],
        "events" => &[
            ("Last Seen", 0, |o, now| age::since(text(o, "/lastTimestamp"), now)),
            ("Type", 0, |o, _| text(o, "/type").into()),
            ("Reason", 0, |o, _| text(o, "/reason").into()),
            ("Object", 0, |o, _| {
                format!(
                    "{}/{}",
                    text(o, "/involvedObject/kind").to_lowercase(),
                    text(o, "/involvedObject/name")
                )
                .into()
            }),
            ("Subobject", 1, |o, _| text(o, "/involvedObject/fieldPath").into()),
            ("Source", 1, |o, _| text(o, "/source/component").into()),
            ("Message", 0, |o, _| text(o, "/message").into()),
            ("First Seen", 1, |o, now| age::since(text(o, "/firstTimestamp"), now)),
            ("Count", 1, |o, _| number(o, "/count")),
            ("Name", 1, named),
        ],
        "horizontalpodautoscalers.autoscaling" => &[
            NAME,
            ("Reference", 0, |o, _| {
                format!("{}/{}", text(o, "/spec/scaleTargetRef/kind"), text(o, "/spec/scaleTargetRef/name"))
                    .into()
            }),
            ("Targets", 0, targets),
            ("MinPods", 0, |o, _| number(o, "/spec/minReplicas")),
            ("MaxPods", 0, |o, _| number(o, "/spec/maxReplicas")),
            ("Replicas", 0, |o, _| number(o, "/status/currentReplicas")),
            AGE,
        ],
        "poddisruptionbudgets.policy" => &[
            NAME,
            ("Min Available", 0, |o, _| either(o, "/spec/minAvailable")),
            ("Max Unavailable", 0, |o, _| either(o, "/spec/maxUnavailable")),
            ("Allowed Disruptions", 0, |o, _| number(o, "/status/disruptionsAllowed")),
            AGE,
        ],
        "storageclasses.storage.k8s.io" => &[
            ("Name", 0, |o, _| {
                let standard =
                    text(o, "/metadata/annotations/storageclass.kubernetes.io~1is-default-class") == "true";
                if standard { format!("{} (default)", name(o)).into() } else { name(o).into() }
            }),
            ("Provisioner", 0, |o, _| text(o, "/provisioner").into()),
            ("ReclaimPolicy", 0, |o, _| text(o, "/reclaimPolicy").into()),
            ("VolumeBindingMode", 0, |o, _| text(o, "/volumeBindingMode").into()),
            ("AllowVolumeExpansion", 0, |o, _| flag(o, "/allowVolumeExpansion").to_string().into()),
            AGE,
        ],
        "networkpolicies.networking.k8s.io" => {
            &[NAME, ("Pod-Selector", 0, |o, _| selector(o, "/spec/podSelector")), AGE]
        }
        "ingressclasses.networking.k8s.io" => &[
            NAME,
            ("Controller", 0, |o, _| text(o, "/spec/controller").into()),
            ("Parameters", 0, |_, _| "<none>".into()),
            AGE,
        ],
        "serviceaccounts" => {
            &[NAME, ("Secrets", 0, |o, _| list(o, "/secrets").len().to_string().into()), AGE]
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => &[
            NAME,
            ("Role", 0, |o, _| format!("{}/{}", text(o, "/roleRef/kind"), text(o, "/roleRef/name")).into()),
            AGE,
        ],
        "leases.coordination.k8s.io" => {
            &[NAME, ("Holder", 0, |o, _| text(o, "/spec/holderIdentity").into()), AGE]
        }
        "roles.rbac.authorization.k8s.io"
        | "clusterroles.rbac.authorization.k8s.io"
        | "customresourcedefinitions.apiextensions.k8s.io" => {
            &[NAME, ("Created At", 0, |o, _| text(o, "/metadata/creationTimestamp").into())]
        }
        _ => &[NAME, AGE],
    }
}

fn either(object: &Value, pointer: &str) -> Value {
    match object.pointer(pointer) {
        Some(Value::String(raw)) => raw.clone().into(),
        Some(other) => other.to_string().into(),
        None => "N/A".into(),
    }
}

fn modes(object: &Value, pointer: &str) -> Value {
    let short: Vec<_> = list(object, pointer)
        .iter()
        .map(|mode| match mode.as_str().unwrap_or_default() {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        })
        .collect();
    short.join(",").into()
}

fn external(service: &Value, _: Timestamp) -> Value {
    match text(service, "/spec/type") {
        "LoadBalancer" => {
            let all: Vec<_> =
                list(service, "/status/loadBalancer/ingress").iter().map(|one| text(one, "/ip")).collect();
            if all.is_empty() { "<pending>".into() } else { all.join(",").into() }
        }
        "ExternalName" => text(service, "/spec/externalName").into(),
        _ => "<none>".into(),
    }
}

fn ports(service: &Value, _: Timestamp) -> Value {
    let all: Vec<_> = list(service, "/spec/ports")
        .iter()
        .map(|port| match int(port, "/nodePort") {
            Some(node) => format!("{}:{node}/{}", port["port"], text(port, "/protocol")),
            None => format!("{}/{}", port["port"], text(port, "/protocol")),
        })
        .collect();
    if all.is_empty() { "<none>".into() } else { all.join(",").into() }
}

fn endpoints(object: &Value, _: Timestamp) -> Value {
    let mut all = Vec::new();
    for subset in list(object, "/subsets") {
        for address in list(subset, "/addresses") {
            for port in list(subset, "/ports") {
                all.push(format!("{}:{}", text(address, "/ip"), port["port"]));
            }
        }
    }
    match all.len() {
        0 => "<none>".into(),
        1..=3 => all.join(",").into(),
        more => format!("{} + {} more...", all[..3].join(","), more - 3).into(),
    }
}

/// A printer column of a custom resource definition.
pub(super) struct Custom<'a>(&'a Value);

/// The printer columns of a custom resource, without an age column (which every table has).
pub(super) fn custom(resource: &Resource) -> Vec<Custom<'_>> {
    list(&resource.definition, "/additionalPrinterColumns")
        .iter()
        .filter(|column| text(column, "/jsonPath") != ".metadata.creationTimestamp")
        .map(Custom)
        .collect()
}

impl Custom<'_> {
    pub(super) fn definition(&self) -> Value {
        json!({
            "name": self.0["name"], "type": self.0["type"], "format": text(self.0, "/format"),
            "description": text(self.0, "/description"), "priority": int(self.0, "/priority").unwrap_or_default(),
        })
    }

    /// Plain field paths; anything cleverer prints empty.
    pub(super) fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let path = text(self.0, "/jsonPath").replace('.', "/");
        let found = object.pointer(&path).cloned().unwrap_or_default();
        match (text(self.0, "/type"), &found) {
            ("date", Value::String(at)) => age::since(at, now),
            (_, Value::Null) => "".into(),
            (_, Value::Object(_) | Value::Array(_)) => found.to_string().into(),
            _ => found,
        }
    }
}
