//! Defaults of pods and pod templates.

use serde_json::{Value, json};

use crate::value::{object, put, put_default, text};

/// A pod: its spec, and what only pods (not templates) get.
pub(super) fn pod(new: &mut Value) {
    spec(object_at(new, &["spec"]), "Always");
    put_default(new, &["spec", "enableServiceLinks"], true);
    put_default(new, &["spec", "serviceAccountName"], "default");
    let account = text(new, "/spec/serviceAccountName").to_owned();
    put_default(new, &["spec", "serviceAccount"], account);
    put_default(new, &["spec", "preemptionPolicy"], "PreemptLowerPriority");
    put_default(new, &["spec", "priority"], 0);
    put_default(
        new,
        &["spec", "tolerations"],
        json!([
            { "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
            { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
        ]),
    );
    put_default(new, &["status", "phase"], "Pending");
    let class = quality(new);
    put_default(new, &["status", "qosClass"], class);
}

/// The value at a path, made an object if need be.
pub(super) fn object_at<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Value {
    object(value, path);
    path.iter().fold(value, |at, key| &mut at[*key])
}

/// A pod spec in a pod or a template. `restart` is the kind's default restart policy.
pub(super) fn spec(spec: &mut Value, restart: &str) {
    for list in ["initContainers", "containers"] {
        if let Some(Value::Array(containers)) = spec.get_mut(list) {
            containers.iter_mut().filter(|one| one.is_object()).for_each(container);
        }
    }
    if let Some(Value::Array(volumes)) = spec.get_mut("volumes") {
        volumes.iter_mut().filter(|one| one.is_object()).for_each(volume);
    }
    for (key, value) in [
        ("restartPolicy", json!(restart)),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ] {
        put_default(spec, &[key], value);
    }
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        put_default(spec, &["serviceAccount"], account);
    }
}

fn container(container: &mut Value) {
    let image = text(container, "/image");
    let policy = if floating(image) { "Always" } else { "IfNotPresent" };
    for (key, value) in [
        ("imagePullPolicy", json!(policy)),
        ("resources", json!({})),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
    ] {
        put_default(container, &[key], value);
    }
    if let Some(Value::Array(ports)) = container.get_mut("ports") {
        for port in ports.iter_mut().filter(|one| one.is_object()) {
            put_default(port, &["protocol"], "TCP");
        }
    }
    if let Some(Value::Array(env)) = container.get_mut("env") {
        for entry in env {
            if entry.pointer("/valueFrom/fieldRef").is_some() {
                put_default(entry, &["valueFrom", "fieldRef", "apiVersion"], "v1");
            }
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(name).filter(|probe| probe.is_object()) {
            self::probe(probe);
        }
    }
    requests(container);
}

/// Requests default to limits.
fn requests(container: &mut Value) {
    let Some(limits) = crate::value::map(container, "/resources/limits").cloned() else { return };
    for (name, amount) in limits {
        put_default(container, &["resources", "requests", &name], amount);
    }
}

fn probe(probe: &mut Value) {
    for (key, value) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        put_default(probe, &[key], value);
    }
    if probe.get("httpGet").is_some_and(Value::is_object) {
        put_default(probe, &["httpGet", "path"], "/");
        put_default(probe, &["httpGet", "scheme"], "HTTP");
    }
}

fn volume(volume: &mut Value) {
    for source in ["configMap", "secret", "projected", "downwardAPI"] {
        if volume.get(source).is_some_and(Value::is_object) {
            put_default(volume, &[source, "defaultMode"], 0o644);
        }
    }
    if volume.get("hostPath").is_some_and(Value::is_object) {
        put_default(volume, &["hostPath", "type"], "");
    }
    let sources = volume.as_object().map_or(0, serde_json::Map::len);
    if sources == 1 && volume.get("name").is_some() {
        put(volume, &["emptyDir"], json!({}));
    }
}

/// No tag or `latest`: may be another image tomorrow.
fn floating(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or(image);
    !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

/// `status.qosClass`, from requests and limits of cpu and memory.
fn quality(pod: &Value) -> &'static str {
    let containers = crate::value::list(pod, "/spec/containers");
    let amount = |container: &Value, part: &str, name: &str| {
        container.pointer(&format!("/resources/{part}/{name}")).cloned()
    };
    let (mut some, mut all) = (false, true);
    for container in containers {
        for name in ["cpu", "memory"] {
            let (request, limit) = (amount(container, "requests", name), amount(container, "limits", name));
            some |= request.is_some() || limit.is_some();
            all &= limit.is_some() && (request.is_none() || request == limit);
        }
    }
    if !some {
        "BestEffort"
    } else if all {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_policy_follows_the_tag() {
        for (image, expected) in [
            ("nginx", true),
            ("nginx:latest", true),
            ("nginx:1.27", false),
            ("host:5000/a/nginx", true),
            ("host:5000/a/nginx:2", false),
            ("nginx@sha256:00", false),
        ] {
            assert_eq!(floating(image), expected, "{image}");
        }
    }
}
