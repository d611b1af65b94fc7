//! Namespaces: the default account inside, and emptying them before they go.

use serde_json::json;

use super::pods::MANAGER;
use crate::core::{Core, DeleteOptions, Writer};
use crate::value::{name, put, terminating};

pub(super) fn reconcile(core: &mut Core, own: &str) {
    let Some(namespace) = core.get("namespaces", "", own) else { return };
    if terminating(&namespace) {
        empty(core, own);
        return;
    }
    if core.get("serviceaccounts", own, "default").is_none() {
        let account = json!({ "metadata": { "name": "default", "namespace": own } });
        if let Err(error) = core.make("serviceaccounts", account, MANAGER) {
            tracing::debug!(%error, "no default account");
        }
    }
    if core.get("configmaps", own, "kube-root-ca.crt").is_none() {
        let map = json!({
            "metadata": { "name": "kube-root-ca.crt", "namespace": own },
            "data": { "ca.crt": "" },
        });
        if let Err(error) = core.make("configmaps", map, MANAGER) {
            tracing::debug!(%error, "no root certificate");
        }
    }
}

/// Deletes what is inside; the last object to go brings the controller here again.
fn empty(core: &mut Core, own: &str) {
    let mut left = false;
    for id in core.objects.ids() {
        let Some(resource) = core.registry.id(&id).filter(|resource| resource.namespaced()) else { continue };
        for object in core.list(&id, Some(own)) {
            if !terminating(&object) {
                let options = DeleteOptions::default();
                if let Err(error) = core.delete(&resource, own, name(&object), &options) {
                    tracing::debug!(%error, "namespace content stays");
                }
            }
        }
        left |= core.objects.list(&id, Some(own)).next().is_some();
    }
    if !left {
        core.modify("namespaces", "", own, &Writer::controller(MANAGER), |namespace| {
            put(namespace, &["spec", "finalizers"], json!([]));
        });
    }
}
