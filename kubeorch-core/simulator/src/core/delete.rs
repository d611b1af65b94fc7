//! Deleting: grace, finalizers and what happens to dependents.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Core, Writer};
use crate::api::status::Status;
use crate::clock::{after, stamp};
use crate::resources::Resource;
use crate::value::{int, list, object, put, terminating, text, uid};

/// What becomes of the objects the deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// `DeleteOptions`, from body and query.
#[derive(Debug, Clone)]
pub(crate) struct DeleteOptions {
    pub(crate) propagation: Propagation,
    /// Seconds; `None` is the object's own.
    pub(crate) grace: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) dry_run: bool,
}

impl Default for DeleteOptions {
    fn default() -> Self {
        Self { propagation: Propagation::Background, grace: None, uid: None, version: None, dry_run: false }
    }
}

impl Core {
    /// Deletes an object or marks it as going. Gives its last state and whether it is gone.
    pub(crate) fn delete(
        &mut self,
        resource: &Resource,
        space: &str,
        own: &str,
        options: &DeleteOptions,
    ) -> Result<(Arc<Value>, bool), Status> {
        let id = resource.id();
        let live = self.get(&id, space, own).ok_or_else(|| Status::not_found(resource, own))?;
        check_preconditions(resource, &live, options)?;
        if id == "namespaces" && matches!(own, "default" | "kube-system" | "kube-public" | "kube-node-lease")
        {
            return Err(Status::forbidden(resource, own, "this namespace may not be deleted"));
        }
        if options.dry_run {
            return Ok((live, true));
        }
        let mut new = (*live).clone();
        let grace = grace(&id, &live, options);
        if !terminating(&live) {
            let now = self.now();
            let due = after(now, Duration::from_secs(grace.unsigned_abs()));
            put(&mut new, &["metadata", "deletionTimestamp"], stamp(due));
            put(&mut new, &["metadata", "deletionGracePeriodSeconds"], grace);
            if let Some(generation) = int(&new, "/metadata/generation") {
                put(&mut new, &["metadata", "generation"], generation + 1);
            }
            let finalizer = match options.propagation {
                Propagation::Background => None,
                Propagation::Foreground => Some("foregroundDeletion"),
                Propagation::Orphan => Some("orphan"),
            };
            if let Some(finalizer) = finalizer {
                add_finalizer(&mut new, finalizer);
            }
            if id == "namespaces" {
                put(&mut new, &["status", "phase"], "Terminating");
            }
        } else if grace < int(&live, "/metadata/deletionGracePeriodSeconds").unwrap_or_default() {
            put(&mut new, &["metadata", "deletionGracePeriodSeconds"], grace);
        }
        if self.may_go(&id, &new) {
            let last = self.finish_delete(resource, space, own).unwrap_or(live);
            return Ok((last, true));
        }
        if new == *live {
            return Ok((live, false));
        }
        let change = self.objects.put(&id, new);
        Ok((self.changed(resource, change), false))
    }

    /// Whether nothing holds a terminating object any more.
    pub(crate) fn may_go(&self, id: &str, object: &Value) -> bool {
        list(object, "/metadata/finalizers").is_empty()
            && match id {
                "pods" => int(object, "/metadata/deletionGracePeriodSeconds").unwrap_or_default() == 0,
                "namespaces" => list(object, "/spec/finalizers").is_empty(),
                _ => true,
            }
    }

    /// Deletes from inside the simulator; an object already gone is fine.
    pub(crate) fn discard(&mut self, id: &str, space: &str, own: &str, grace: Option<i64>) {
        let Some(resource) = self.registry.id(id) else { return };
        let options = DeleteOptions { grace, ..DeleteOptions::default() };
        if let Err(error) = self.delete(&resource, space, own, &options) {
            tracing::debug!(id, space, own, %error, "controller delete refused");
        }
    }

    /// Takes a finalizer off; the object goes with its last one.
    pub(crate) fn release(&mut self, id: &str, space: &str, own: &str, finalizer: &str) {
        let writer = Writer::controller("kube-controller-manager");
        self.modify(id, space, own, &writer, |object| {
            if let Some(Value::Array(finalizers)) = object.pointer_mut("/metadata/finalizers") {
                finalizers.retain(|one| one != finalizer);
            }
        });
    }
}

fn check_preconditions(resource: &Resource, live: &Value, options: &DeleteOptions) -> Result<(), Status> {
    let name = crate::value::name(live);
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid(live)) {
        let why =
            format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {}", uid(live));
        return Err(Status::conflict(resource, name, &why));
    }
    let version = text(live, "/metadata/resourceVersion");
    if let Some(wanted) = options.version.as_deref().filter(|wanted| *wanted != version) {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {wanted}, ResourceVersion in object meta: {version}"
        );
        return Err(Status::conflict(resource, name, &why));
    }
    Ok(())
}

/// Only pods that run somewhere and are not finished have a grace period.
fn grace(id: &str, live: &Value, options: &DeleteOptions) -> i64 {
    let idle = text(live, "/spec/nodeName").is_empty()
        || matches!(text(live, "/status/phase"), "Succeeded" | "Failed");
    if id != "pods" || idle {
        return 0;
    }
    options.grace.or_else(|| int(live, "/spec/terminationGracePeriodSeconds")).unwrap_or(30).max(0)
}

fn add_finalizer(target: &mut Value, finalizer: &str) {
    let meta = object(target, &["metadata"]);
    match meta.get_mut("finalizers") {
        Some(Value::Array(finalizers)) => {
            if !finalizers.iter().any(|one| one == finalizer) {
                finalizers.push(finalizer.into());
            }
        }
        _ => {
            meta.insert("finalizers".to_owned(), json!([finalizer]));
        }
    }
}
