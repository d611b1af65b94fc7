//! Defaults of services, ingresses and network policies. Addresses are allocated elsewhere.

use serde_json::{Value, json};

use crate::value::{list, put, put_default, text};

pub(super) fn service(new: &mut Value) {
    put_default(new, &["spec", "type"], "ClusterIP");
    put_default(new, &["spec", "sessionAffinity"], "None");
    if text(new, "/spec/sessionAffinity") == "ClientIP" {
        put_default(new, &["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"], 10800);
    }
    if let Some(Value::Array(ports)) = new.pointer_mut("/spec/ports") {
        for port in ports.iter_mut().filter(|one| one.is_object()) {
            put_default(port, &["protocol"], "TCP");
            if let Some(number) = port.get("port").cloned() {
                put_default(port, &["targetPort"], number);
            }
        }
    }
    let kind = text(new, "/spec/type").to_owned();
    if kind != "ExternalName" {
        put_default(new, &["spec", "internalTrafficPolicy"], "Cluster");
        put_default(new, &["spec", "ipFamilyPolicy"], "SingleStack");
        put_default(new, &["spec", "ipFamilies"], json!(["IPv4"]));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        put_default(new, &["spec", "externalTrafficPolicy"], "Cluster");
    }
    if kind == "LoadBalancer" {
        put_default(new, &["spec", "allocateLoadBalancerNodePorts"], true);
    }
    put_default(new, &["status", "loadBalancer"], json!({}));
}

pub(super) fn ingress(new: &mut Value) {
    put_default(new, &["status", "loadBalancer"], json!({}));
}

pub(super) fn policy(new: &mut Value) {
    if list(new, "/spec/policyTypes").is_empty() {
        let mut types = vec!["Ingress"];
        if !list(new, "/spec/egress").is_empty() {
            types.push("Egress");
        }
        put(new, &["spec", "policyTypes"], json!(types));
    }
}
