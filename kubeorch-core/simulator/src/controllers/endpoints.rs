//! Endpoints and endpoint slices of services with a selector.

use serde_json::{Value, json};

use super::pods::{MANAGER, owner, ready};
use super::routing::chosen;
use crate::core::{Core, Writer};
use crate::value::{list, map, name, namespace, put, terminating, text, uid};

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(service) = core.get("services", space, own) else {
        core.discard("endpoints", space, own, None);
        return;
    };
    if map(&service, "/spec/selector").is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let pods: Vec<_> = core
        .list("pods", Some(space))
        .into_iter()
        .filter(|pod| chosen(&service, pod) && !terminating(pod) && !text(pod, "/status/podIP").is_empty())
        .filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .collect();
    let ports = |pod: Option<&Value>| -> Vec<Value> {
        list(&service, "/spec/ports").iter().map(|port| resolve(port, pod)).collect()
    };
    let first = pods.first().map(AsRef::as_ref);
    let (serving, waiting): (Vec<_>, Vec<_>) = pods.iter().partition(|pod| ready(pod));
    let addresses = |pods: &[&std::sync::Arc<Value>]| -> Vec<Value> {
        pods.iter()
            .map(|pod| {
                json!({ "ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": reference(pod) })
            })
            .collect()
    };
    let mut subset = json!({ "ports": ports(first) });
    if !serving.is_empty() {
        subset["addresses"] = json!(addresses(&serving));
    }
    if !waiting.is_empty() {
        subset["notReadyAddresses"] = json!(addresses(&waiting));
    }
    let subsets = if pods.is_empty() { json!([]) } else { json!([subset]) };
    let slice: Vec<_> = pods
        .iter()
        .map(|pod| {
            json!({
                "addresses": [pod["status"]["podIP"]],
                "conditions": { "ready": ready(pod), "serving": ready(pod), "terminating": false },
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": reference(pod),
            })
        })
        .collect();
    write_endpoints(core, &service, subsets);
    write_slice(core, &service, json!(slice), json!(ports(first)));
}

fn reference(pod: &Value) -> Value {
    json!({ "kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod) })
}

/// The port a service port leads to; names are looked up in the pod.
fn resolve(port: &Value, pod: Option<&Value>) -> Value {
    let target = port.get("targetPort").cloned().unwrap_or_else(|| port["port"].clone());
    let number = match &target {
        Value::String(wanted) => pod
            .into_iter()
            .flat_map(|pod| list(pod, "/spec/containers"))
            .flat_map(|container| list(container, "/ports"))
            .find(|one| text(one, "/name") == wanted)
            .map_or_else(|| json!(0), |one| one["containerPort"].clone()),
        number => number.clone(),
    };
    let mut out = json!({ "port": number, "protocol": port["protocol"] });
    if let Some(name) = port.get("name") {
        out["name"] = name.clone();
    }
    out
}

fn write_endpoints(core: &mut Core, service: &Value, subsets: Value) {
    let (space, own) = (namespace(service), name(service));
    if core.get("endpoints", space, own).is_none() {
        let mut new = json!({ "metadata": { "name": own, "namespace": space } });
        if let Some(labels) = service.pointer("/metadata/labels") {
            put(&mut new, &["metadata", "labels"], labels.clone());
        }
        if subsets.as_array().is_some_and(|all| !all.is_empty()) {
            new["subsets"] = subsets;
        }
        if let Err(error) = core.make("endpoints", new, MANAGER) {
            tracing::debug!(%error, "no endpoints");
        }
        return;
    }
    core.modify("endpoints", space, own, &Writer::controller(MANAGER), |found| {
        put(found, &["subsets"], subsets);
    });
}

fn write_slice(core: &mut Core, service: &Value, endpoints: Value, ports: Value) {
    let id = "endpointslices.discovery.k8s.io";
    let space = namespace(service);
    if let Some(slice) = core.owned(uid(service), id).first() {
        core.modify(id, space, name(slice), &Writer::controller(MANAGER), |slice| {
            put(slice, &["endpoints"], endpoints);
            put(slice, &["ports"], ports);
        });
        return;
    }
    let new = json!({
        "metadata": {
            "generateName": format!("{}-", name(service)),
            "namespace": space,
            "labels": {
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                "kubernetes.io/service-name": name(service),
            },
            "ownerReferences": [owner(service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    });
    if let Err(error) = core.make(id, new, MANAGER) {
        tracing::debug!(%error, "no endpoint slice");
    }
}
