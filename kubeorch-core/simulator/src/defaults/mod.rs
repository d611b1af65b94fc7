//! The defaults the API server writes into objects, by kind.

mod network;
mod pod;
mod storage;
mod workload;

use serde_json::{Value, json};

use crate::value::{put, put_default, remove, text};

/// Fills what the client left out. Idempotent.
pub(crate) fn object_defaults(id: &str, new: &mut Value) {
    match id {
        "pods" => pod::pod(new),
        "deployments.apps" => workload::deployment(new),
        "replicasets.apps" | "replicationcontrollers" => workload::replica_set(new),
        "statefulsets.apps" => workload::stateful_set(new),
        "daemonsets.apps" => workload::daemon_set(new),
        "jobs.batch" => workload::job(new),
        "cronjobs.batch" => workload::cron_job(new),
        "services" => network::service(new),
        "ingresses.networking.k8s.io" => network::ingress(new),
        "networkpolicies.networking.k8s.io" => network::policy(new),
        "persistentvolumeclaims" => storage::claim(new),
        "persistentvolumes" => storage::volume(new),
        "storageclasses.storage.k8s.io" => storage::class(new),
        "namespaces" => namespace(new),
        "secrets" => secret(new),
        "horizontalpodautoscalers.autoscaling" => workload::autoscaler(new),
        _ => {}
    }
}

pub(crate) use object_defaults as object;

fn namespace(new: &mut Value) {
    let own = text(new, "/metadata/name").to_owned();
    put(new, &["metadata", "labels", "kubernetes.io/metadata.name"], own);
    if !crate::value::terminating(new) {
        put_default(new, &["spec", "finalizers"], json!(["kubernetes"]));
    }
    put_default(new, &["status", "phase"], "Active");
}

/// `stringData` is write-only: it ends up in `data`.
fn secret(new: &mut Value) {
    put_default(new, &["type"], "Opaque");
    if let Some(Value::Object(plain)) = remove(new, &["stringData"]) {
        for (key, value) in plain {
            put(new, &["data", &key], base64(value.as_str().unwrap_or_default().as_bytes()));
        }
    }
}

/// Standard base64 with padding, as JSON shows bytes.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// Fields the server allocated and an update that leaves them out keeps.
pub(crate) fn carry_over(id: &str, live: &Value, new: &mut Value) {
    let keep: &[&str] = match id {
        "services" if text(new, "/spec/type") != "ExternalName" => &["clusterIP", "clusterIPs"],
        "persistentvolumeclaims" => &["volumeName", "storageClassName"],
        "jobs.batch" => &["selector"],
        _ => &[],
    };
    for field in keep {
        if let Some(value) = live.pointer(&format!("/spec/{field}")) {
            put_default(new, &["spec", field], value.clone());
        }
    }
    if id == "services" && text(live, "/spec/type") == "ExternalName" {
        return;
    }
    if id == "services" {
        carry_node_ports(live, new);
    }
}

fn carry_node_ports(live: &Value, new: &mut Value) {
    if !matches!(text(new, "/spec/type"), "NodePort" | "LoadBalancer") {
        return;
    }
    let before = crate::value::list(live, "/spec/ports").to_vec();
    let Some(Value::Array(ports)) = new.pointer_mut("/spec/ports") else { return };
    for port in ports {
        let same = before.iter().find(|was| was.get("port") == port.get("port"));
        if let Some(node_port) = same.and_then(|was| was.get("nodePort")) {
            put_default(port, &["nodePort"], node_port.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_take_plain_text() {
        for (plain, coded) in
            [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("hello", "aGVsbG8=")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        let mut secret = json!({ "stringData": { "k": "hello" } });
        object_defaults("secrets", &mut secret);
        assert_eq!(secret, json!({ "type": "Opaque", "data": { "k": "aGVsbG8=" } }));
    }
}
