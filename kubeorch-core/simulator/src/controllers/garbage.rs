//! Garbage collection: dependents of what is gone, and of what waits for them.

use serde_json::Value;

use crate::core::{Core, Writer};
use crate::value::{flag, list, name, namespace, terminating, text, uid};

/// Deletes what only a gone owner owned.
pub(super) fn collect(core: &mut Core, owner: &str) {
    for (id, (space, own)) in core.objects.owned_by(owner) {
        let Some(dependent) = core.get(&id, &space, &own) else { continue };
        let held = list(&dependent, "/metadata/ownerReferences")
            .iter()
            .any(|reference| text(reference, "/uid") != owner && exists(core, &space, reference));
        if held {
            drop_reference(core, &id, &space, &own, owner);
        } else if !terminating(&dependent) {
            core.discard(&id, &space, &own, None);
        }
    }
}

fn exists(core: &Core, space: &str, reference: &Value) -> bool {
    let Some(resource) = core.registry.kind(text(reference, "/apiVersion"), text(reference, "/kind")) else {
        return false;
    };
    let space = if resource.namespaced() { space } else { "" };
    core.get(&resource.id(), space, text(reference, "/name"))
        .is_some_and(|found| uid(&found) == text(reference, "/uid"))
}

/// Serves the finalizers of an owner that waits: `foregroundDeletion` until nothing blocks any more,
/// `orphan` until no dependent refers to it. `place` is `RESOURCE/NAMESPACE`.
pub(super) fn dependents(core: &mut Core, place: &str, own: &str) {
    let Some((id, space)) = place.split_once('/') else { return };
    let Some(owner) = core.get(id, space, own).filter(|owner| terminating(owner)) else { return };
    let has = |finalizer: &str| list(&owner, "/metadata/finalizers").iter().any(|one| one == finalizer);
    let owned = core.objects.owned_by(uid(&owner));
    if has("orphan") {
        for (id, (space, own)) in owned {
            drop_reference(core, &id, &space, &own, uid(&owner));
        }
        core.release(id, space, own, "orphan");
    } else if has("foregroundDeletion") {
        let mut blocked = false;
        for (id, (space, own)) in owned {
            let Some(dependent) = core.get(&id, &space, &own) else { continue };
            let blocks = list(&dependent, "/metadata/ownerReferences")
                .iter()
                .any(|one| text(one, "/uid") == uid(&owner) && flag(one, "/blockOwnerDeletion"));
            if !terminating(&dependent) {
                foreground(core, &id, &dependent);
            }
            blocked |= blocks && core.get(&id, &space, &own).is_some();
        }
        if !blocked {
            core.release(id, space, own, "foregroundDeletion");
        }
    }
}

/// Dependents of a foreground deletion go in the foreground too.
fn foreground(core: &mut Core, id: &str, dependent: &Value) {
    let Some(resource) = core.registry.id(id) else { return };
    let options = crate::core::DeleteOptions {
        propagation: crate::core::Propagation::Foreground,
        ..Default::default()
    };
    if let Err(error) = core.delete(&resource, namespace(dependent), name(dependent), &options) {
        tracing::debug!(%error, "dependent stays");
    }
}

fn drop_reference(core: &mut Core, id: &str, space: &str, own: &str, owner: &str) {
    core.modify(id, space, own, &Writer::controller("kube-controller-manager"), |object| {
        if let Some(Value::Array(references)) = object.pointer_mut("/metadata/ownerReferences") {
            references.retain(|one| text(one, "/uid") != owner);
        }
    });
}
