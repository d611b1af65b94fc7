//! Fields that may not change.

use serde_json::Value;

use crate::api::status::Cause;
use crate::resources::Resource;
use crate::value::{flag, list, object, remove, text};

const IMMUTABLE: &str = "field is immutable";

/// Findings about the step from `live` to `new`.
pub(crate) fn update(resource: &Resource, live: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    match resource.id().as_str() {
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" => {
            fixed(live, new, "spec.selector", &mut causes);
        }
        "jobs.batch" => {
            for field in ["spec.completions", "spec.selector", "spec.template"] {
                fixed(live, new, field, &mut causes);
            }
        }
        "statefulsets.apps" => stateful_set(live, new, &mut causes),
        "persistentvolumeclaims" => claim(live, new, &mut causes),
        "services" => service(live, new, &mut causes),
        "pods" => pod(live, new, &mut causes),
        "configmaps" if flag(live, "/immutable") => {
            for field in ["data", "binaryData", "immutable"] {
                if live.get(field) != new.get(field) {
                    causes.push(Cause::forbidden(field, "field is immutable when `immutable` is set"));
                }
            }
        }
        "secrets" => {
            fixed(live, new, "type", &mut causes);
            if flag(live, "/immutable") && live.get("data") != new.get("data") {
                causes.push(Cause::forbidden("data", "field is immutable when `immutable` is set"));
            }
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io"
            if live.get("roleRef") != new.get("roleRef") =>
        {
            let role = new.get("roleRef").cloned().unwrap_or_default();
            causes.push(Cause::invalid("roleRef", &role, "cannot change roleRef"));
        }
        "storageclasses.storage.k8s.io" => {
            for field in ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] {
                if live.get(field) != new.get(field) {
                    causes.push(Cause::forbidden(field, "updates to this field are forbidden."));
                }
            }
        }
        _ => {}
    }
    causes
}

fn fixed(live: &Value, new: &Value, field: &str, causes: &mut Vec<Cause>) {
    let pointer = format!("/{}", field.replace('.', "/"));
    if live.pointer(&pointer) != new.pointer(&pointer) {
        let value = new.pointer(&pointer).cloned().unwrap_or_default();
        causes.push(Cause::invalid(field, &value, IMMUTABLE));
    }
}

fn stateful_set(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const OPEN: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let rest = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        for field in OPEN {
            remove(&mut spec, &[field]);
        }
        spec
    };
    if rest(live) != rest(new) {
        causes.push(Cause::forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
    }
}

fn claim(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let rest = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        remove(&mut spec, &["resources", "requests", "storage"]);
        spec
    };
    if rest(live) != rest(new) {
        let note = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        causes.push(Cause::forbidden("spec", note));
        return;
    }
    let size = |object: &Value| super::quantity::parse(text(object, "/spec/resources/requests/storage"));
    let (before, after) = (size(live), size(new));
    if after < before {
        let note = "field can not be less than status.capacity";
        causes.push(Cause::forbidden("spec.resources.requests.storage", note));
    } else if after > before && text(live, "/status/phase") != "Bound" {
        let note = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        causes.push(Cause::forbidden("spec", note));
    }
}

fn service(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let external = |object: &Value| text(object, "/spec/type") == "ExternalName";
    if external(live) || external(new) {
        return;
    }
    for field in ["spec.clusterIP", "spec.clusterIPs"] {
        let pointer = format!("/{}", field.replace('.', "/"));
        let had = live.pointer(&pointer);
        if had.is_some() && had != new.pointer(&pointer) {
            let value = if field == "spec.clusterIP" {
                new.pointer(&pointer).cloned().unwrap_or_default()
            } else {
                serde_json::json!(list(new, &pointer))
            };
            causes.push(Cause::invalid(
                format!("{field}{}", if field.ends_with('s') { "[0]" } else { "" }),
                &value,
                "may not change once set",
            ));
        }
    }
    causes.truncate(1);
}

fn pod(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let rest = |pod: &Value| {
        let mut spec = pod.get("spec").cloned().unwrap_or_default();
        for part in ["containers", "initContainers"] {
            if let Some(Value::Array(containers)) = spec.get_mut(part) {
                for container in containers {
                    remove(container, &["image"]);
                }
            }
        }
        for field in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] {
            object(&mut spec, &[]).shift_remove(field);
        }
        spec
    };
    if rest(live) != rest(new) {
        causes.push(Cause::forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
    }
}
