//! What a new cluster holds: namespaces, nodes, a storage class, the API's own service.

use serde_json::json;

use super::pods::MANAGER;
use crate::core::{Core, Ownership, Writer};

/// Fills an empty cluster.
pub(crate) fn seed(core: &mut Core) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        make(core, "namespaces", json!({ "metadata": { "name": name } }));
    }
    for at in 0..core.config.nodes {
        let node = node(core, at);
        make(core, "nodes", node);
    }
    make(
        core,
        "storageclasses.storage.k8s.io",
        json!({
            "metadata": {
                "name": "standard",
                "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
            },
            "provisioner": "simulator.local/volumes",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
            "allowVolumeExpansion": true,
        }),
    );
    make(
        core,
        "services",
        json!({
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": { "component": "apiserver", "provider": "kubernetes" },
            },
            "spec": {
                "clusterIP": "10.96.0.1",
                "ports": [{ "name": "https", "port": 443, "targetPort": 6443 }],
            },
        }),
    );
}

fn make(core: &mut Core, id: &str, object: serde_json::Value) {
    let resource = core.resource(id);
    if let Err(error) = core.create(&resource, object, &Writer::controller(MANAGER), Ownership::Tracked) {
        tracing::warn!(id, %error, "cluster starts without an object");
    }
}

fn node(core: &Core, at: usize) -> serde_json::Value {
    let now = core.stamp();
    let name = format!("simulator-node-{at}");
    let capacity = json!({
        "cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi",
    });
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
        },
        "spec": { "podCIDR": format!("10.244.{at}.0/24") },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": format!("192.0.2.{}", at % 254 + 1) },
                { "type": "Hostname", "address": name },
            ],
            "allocatable": capacity,
            "capacity": capacity,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "simulator://1",
                "kernelVersion": "simulated",
                "kubeProxyVersion": core.config.version,
                "kubeletVersion": core.config.version,
                "machineID": name,
                "operatingSystem": "linux",
                "osImage": "simulated",
                "systemUUID": name,
            },
        },
    })
}
