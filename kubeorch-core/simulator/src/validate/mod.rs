//! What the API server refuses, with one cause per finding.

mod autoscaler;
mod meta;
mod pod;
mod quantity;
mod update;
mod workload;

use serde_json::Value;

use crate::api::status::Cause;
use crate::resources::Resource;
use crate::value::{list, text};

pub(crate) use quantity::parse as quantity_of;
pub(crate) use update::update;

/// Findings about an object with its defaults filled in.
pub(crate) fn object(resource: &Resource, new: &Value) -> Vec<Cause> {
    let mut causes = meta::metadata(resource, new);
    if resource.custom {
        return causes;
    }
    match resource.id().as_str() {
        "pods" => pod::spec(&new["spec"], "spec", &[], &mut causes),
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" => {
            workload::controller(new, &mut causes);
        }
        "jobs.batch" => workload::job(new, "spec", &mut causes),
        "cronjobs.batch" => workload::cron_job(new, &mut causes),
        "horizontalpodautoscalers.autoscaling" => autoscaler::spec(new, &mut causes),
        "services" => service(new, &mut causes),
        "persistentvolumeclaims" => claim(new, &mut causes),
        "configmaps" => data_keys(new, &["data", "binaryData"], &mut causes),
        "secrets" => data_keys(new, &["data"], &mut causes),
        "ingresses.networking.k8s.io" => ingress(new, &mut causes),
        _ => {}
    }
    causes
}

fn service(new: &Value, causes: &mut Vec<Cause>) {
    let kind = text(new, "/spec/type");
    if !matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName") {
        let known = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
        causes.push(Cause::unsupported("spec.type", &new["spec"]["type"], &known));
    }
    let ports = list(new, "/spec/ports");
    if ports.is_empty() && kind != "ExternalName" && text(new, "/spec/clusterIP") != "None" {
        causes.push(Cause::required("spec.ports", ""));
    }
    if kind == "ExternalName" && text(new, "/spec/externalName").is_empty() {
        causes.push(Cause::required("spec.externalName", ""));
    }
    let mut names = Vec::new();
    let mut numbers = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{at}]");
        pod::port_number(port.get("port"), &format!("{path}.port"), causes);
        let name = text(port, "/name");
        if name.is_empty() && ports.len() > 1 {
            causes.push(Cause::required(format!("{path}.name"), ""));
        }
        if !name.is_empty() && names.contains(&name) {
            causes.push(Cause::duplicate(format!("{path}.name"), &port["name"]));
        }
        names.push(name);
        let key = (port.get("port"), port.get("protocol"));
        if numbers.contains(&key) {
            causes.push(Cause::duplicate(path, port));
        }
        numbers.push(key);
    }
}

fn claim(new: &Value, causes: &mut Vec<Cause>) {
    if list(new, "/spec/accessModes").is_empty() {
        causes.push(Cause::required("spec.accessModes", "at least 1 access mode is required"));
    }
    let field = "spec.resources[storage]";
    match new.pointer("/spec/resources/requests/storage") {
        None => causes.push(Cause::required(field, "")),
        Some(amount) => quantity::check(amount, field, causes),
    }
}

fn data_keys(new: &Value, parts: &[&str], causes: &mut Vec<Cause>) {
    for part in parts {
        let Some(data) = new.get(*part).and_then(Value::as_object) else { continue };
        for (key, value) in data {
            let fine = !key.is_empty()
                && key.len() <= 253
                && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if !fine {
                let note = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
                causes.push(Cause::invalid(format!("{part}[{key}]"), &Value::from(key.clone()), note));
            }
            if !value.is_string() {
                causes.push(Cause::invalid(format!("{part}[{key}]"), value, "must be a string"));
            }
        }
    }
}

fn ingress(new: &Value, causes: &mut Vec<Cause>) {
    let rules = list(new, "/spec/rules");
    if rules.is_empty() && new.pointer("/spec/defaultBackend").is_none() {
        let note = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause::invalid("spec", &Value::Array(Vec::new()), note));
    }
    for (at, rule) in rules.iter().enumerate() {
        for (index, path) in list(rule, "/http/paths").iter().enumerate() {
            if text(path, "/pathType").is_empty() {
                let field = format!("spec.rules[{at}].http.paths[{index}].pathType");
                causes.push(Cause::required(field, "pathType must be specified"));
            }
        }
    }
}
