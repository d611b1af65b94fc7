//! Claims and volumes: binding, and making volumes for claims of the simulated class.

use serde_json::{Value, json};

use super::Task;
use super::pods::MANAGER;
use crate::core::{Core, Writer};
use crate::value::{list, name, namespace, put, terminating, text, uid};

const PROVISIONER: &str = "simulator.local/volumes";
/// The driver of the volumes; unlike a provisioner's name it may hold no slash.
const DRIVER: &str = "simulator.local";
const COMPONENT: &str = "persistentvolume-controller";
const DEFAULT: &str = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";

/// Gives a new claim without a class the default one. An empty name means: no class.
pub(crate) fn default_class(core: &Core, claim: &mut Value) {
    if claim.pointer("/spec/storageClassName").is_some() {
        return;
    }
    let class = core
        .objects
        .list("storageclasses.storage.k8s.io", None)
        .find(|class| text(class, DEFAULT) == "true")
        .map(|class| name(class).to_owned());
    if let Some(class) = class {
        put(claim, &["spec", "storageClassName"], class);
    }
}

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(claim) = core.get("persistentvolumeclaims", space, own) else {
        release(core, space, own);
        return;
    };
    if terminating(&claim) || text(&claim, "/status/phase") == "Bound" {
        if text(&claim, "/status/phase") == "Bound" {
            grow(core, &claim);
        }
        return;
    }
    if let Some(volume) = matching(core, &claim) {
        bind(core, &claim, &volume);
        return;
    }
    let class = text(&claim, "/spec/storageClassName").to_owned();
    if class.is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        core.event(&claim, "Normal", "FailedBinding", message, COMPONENT);
        return;
    }
    let Some(class) = core.get("storageclasses.storage.k8s.io", "", &class) else {
        let message = format!("storageclass.storage.k8s.io \"{class}\" not found");
        core.event(&claim, "Warning", "ProvisioningFailed", &message, COMPONENT);
        return;
    };
    if text(&class, "/provisioner") != PROVISIONER {
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system administrator.",
            text(&class, "/provisioner")
        );
        core.event(&claim, "Normal", "ExternalProvisioning", &message, COMPONENT);
        return;
    }
    if core.pods.provisioning.insert(uid(&claim).to_owned()) {
        let delay = core.config.timing.provision;
        core.later(delay, Task::Claim, space, own);
        return;
    }
    if core.now() < crate::clock::after(created(&claim), core.config.timing.provision) {
        return;
    }
    provision(core, &claim, &class);
}

fn created(claim: &Value) -> jiff::Timestamp {
    text(claim, "/metadata/creationTimestamp").parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// An available volume of the class with the modes and size asked for, or the one named.
fn matching(core: &Core, claim: &Value) -> Option<String> {
    let named = text(claim, "/spec/volumeName");
    let size =
        |value: &Value, pointer: &str| crate::validate::quantity_of(text(value, pointer)).unwrap_or_default();
    let wanted = size(claim, "/spec/resources/requests/storage");
    core.objects
        .list("persistentvolumes", None)
        .filter(|volume| matches!(text(volume, "/status/phase"), "Available" | "Pending"))
        .filter(|volume| named.is_empty() || name(volume) == named)
        .filter(|volume| text(volume, "/spec/storageClassName") == text(claim, "/spec/storageClassName"))
        .filter(|volume| size(volume, "/spec/capacity/storage") >= wanted)
        .filter(|volume| {
            let modes = list(volume, "/spec/accessModes");
            list(claim, "/spec/accessModes").iter().all(|mode| modes.contains(mode))
        })
        .map(|volume| name(volume).to_owned())
        .next()
}

fn bind(core: &mut Core, claim: &Value, volume: &str) {
    let reference = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace(claim),
        "name": name(claim), "uid": uid(claim),
    });
    let bound = core.modify("persistentvolumes", "", volume, &Writer::controller(MANAGER), |found| {
        put(found, &["spec", "claimRef"], reference);
    });
    let Some(bound) = bound else { return };
    core.modify("persistentvolumes", "", volume, &Writer::status(MANAGER), |found| {
        put(found, &["status", "phase"], "Bound");
    });
    let (space, own) = (namespace(claim), name(claim));
    core.modify("persistentvolumeclaims", space, own, &Writer::controller(MANAGER), |claim| {
        put(claim, &["spec", "volumeName"], volume);
        put(claim, &["metadata", "annotations", "pv.kubernetes.io/bind-completed"], "yes");
        put(claim, &["metadata", "annotations", "pv.kubernetes.io/bound-by-controller"], "yes");
    });
    core.modify("persistentvolumeclaims", space, own, &Writer::status(MANAGER), |claim| {
        put(claim, &["status", "phase"], "Bound");
        put(claim, &["status", "accessModes"], bound["spec"]["accessModes"].clone());
        put(claim, &["status", "capacity"], bound["spec"]["capacity"].clone());
    });
}

fn provision(core: &mut Core, claim: &std::sync::Arc<Value>, class: &Value) {
    core.pods.provisioning.remove(uid(claim));
    let volume = format!("pvc-{}", uid(claim));
    let new = json!({
        "metadata": {
            "name": volume,
            "annotations": { "pv.kubernetes.io/provisioned-by": PROVISIONER },
        },
        "spec": {
            "capacity": { "storage": claim["spec"]["resources"]["requests"]["storage"] },
            "accessModes": claim["spec"]["accessModes"],
            "persistentVolumeReclaimPolicy": class["reclaimPolicy"],
            "storageClassName": name(class),
            "volumeMode": claim["spec"]["volumeMode"],
            "csi": { "driver": DRIVER, "volumeHandle": volume },
        },
        "status": { "phase": "Available" },
    });
    match core.make("persistentvolumes", new, MANAGER) {
        Ok(_) => {
            let message = format!("Successfully provisioned volume {volume}");
            core.event(claim, "Normal", "ProvisioningSucceeded", &message, PROVISIONER);
            bind(core, claim, &volume);
        }
        Err(error) => core.event(claim, "Warning", "ProvisioningFailed", &error.message, COMPONENT),
    }
}

/// A bound claim that asks for more gets it.
fn grow(core: &mut Core, claim: &Value) {
    let wanted = &claim["spec"]["resources"]["requests"]["storage"];
    if claim.pointer("/status/capacity/storage") == Some(wanted) {
        return;
    }
    let volume = text(claim, "/spec/volumeName").to_owned();
    let size = wanted.clone();
    core.modify("persistentvolumes", "", &volume, &Writer::controller(MANAGER), |found| {
        put(found, &["spec", "capacity", "storage"], size);
    });
    let size = wanted.clone();
    core.modify("persistentvolumeclaims", namespace(claim), name(claim), &Writer::status(MANAGER), |claim| {
        put(claim, &["status", "capacity", "storage"], size);
    });
}

/// The volume of a claim that is gone follows its reclaim policy.
fn release(core: &mut Core, space: &str, own: &str) {
    let volumes: Vec<_> = core
        .list("persistentvolumes", None)
        .into_iter()
        .filter(|volume| {
            text(volume, "/spec/claimRef/namespace") == space && text(volume, "/spec/claimRef/name") == own
        })
        .collect();
    for volume in volumes {
        if text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
            core.discard("persistentvolumes", "", name(&volume), None);
        } else {
            core.modify("persistentvolumes", "", name(&volume), &Writer::status(MANAGER), |volume| {
                put(volume, &["status", "phase"], "Released");
            });
        }
    }
}
