//! Creating and updating.

use std::sync::Arc;

use serde_json::Value;

use super::{Core, Ownership, Writer};
use crate::api::status::Status;
use crate::apply::managed;
use crate::resources::Resource;
use crate::store::{Change, ChangeKind};
use crate::value::{int, list, name, namespace, object, put, remove, terminating, text};
use crate::{controllers, defaults, validate};

impl Core {
    /// Stores a new object, or says why not. `name` and `namespace` are already the request's.
    pub(crate) fn create(
        &mut self,
        resource: &Resource,
        mut new: Value,
        writer: &Writer,
        ownership: Ownership,
    ) -> Result<Arc<Value>, Status> {
        let generated = text(&new, "/metadata/generateName").to_owned();
        if name(&new).is_empty() && !generated.is_empty() {
            let full = format!("{generated}{}", self.names.suffix());
            put(&mut new, &["metadata", "name"], full);
        }
        let id = resource.id();
        let (space, own) = (namespace(&new).to_owned(), name(&new).to_owned());
        self.check_namespace(resource, &space, &own)?;
        if self.objects.get(&id, &space, &own).is_some() {
            return Err(Status::already_exists(resource, &own));
        }
        if self.objects.count() >= self.config.limits.objects {
            let limit = self.config.limits.objects;
            return Err(Status::forbidden(
                resource,
                &own,
                &format!("the simulator holds at most {limit} objects"),
            ));
        }
        if resource.has("status") && !writer.internal {
            remove(&mut new, &["status"]);
        }
        self.stamp_new(resource, &mut new);
        self.default(resource, &mut new);
        let causes = validate::object(resource, &new);
        if !causes.is_empty() {
            return Err(Status::invalid(resource, &own, &causes));
        }
        self.allocate(resource, &mut new, writer)?;
        let entries = match ownership {
            Ownership::Decided(entries) => entries,
            Ownership::Tracked => managed::track(None, &new, resource.shape, self.entry(resource, writer)),
        };
        managed::write(&mut new, entries);
        if writer.dry_run {
            return Ok(Arc::new(new));
        }
        let change = self.objects.put(&id, new);
        Ok(self.changed(resource, change))
    }

    /// Replaces an object by a new state, or says why not. Through `status` only `status` counts,
    /// otherwise everything else.
    pub(crate) fn update(
        &mut self,
        resource: &Resource,
        mut new: Value,
        writer: &Writer,
        ownership: Ownership,
    ) -> Result<Arc<Value>, Status> {
        let id = resource.id();
        let (space, own) = (namespace(&new).to_owned(), name(&new).to_owned());
        let live = self.get(&id, &space, &own).ok_or_else(|| Status::not_found(resource, &own))?;
        let claimed = text(&new, "/metadata/resourceVersion");
        if !claimed.is_empty() && claimed != text(&live, "/metadata/resourceVersion") {
            return Err(Status::stale(resource, &own));
        }
        let claimed = text(&new, "/metadata/uid");
        if !claimed.is_empty() && claimed != text(&live, "/metadata/uid") {
            let why = format!(
                "Precondition failed: UID in precondition: {claimed}, UID in object meta: {}",
                crate::value::uid(&live)
            );
            return Err(Status::conflict(resource, &own, &why));
        }
        if resource.has("status") {
            if writer.subresource == "status" {
                let status = new.get("status").cloned();
                new = with_metadata_of(&live, &new);
                match status {
                    Some(status) => put(&mut new, &["status"], status),
                    None => drop(remove(&mut new, &["status"])),
                }
            } else if !(writer.internal && writer.subresource == "binding") {
                match live.get("status") {
                    Some(status) => put(&mut new, &["status"], status.clone()),
                    None => drop(remove(&mut new, &["status"])),
                }
            }
        }
        keep_system_metadata(&live, &mut new);
        defaults::carry_over(&id, &live, &mut new);
        self.default(resource, &mut new);
        let mut causes = validate::object(resource, &new);
        if !writer.internal {
            causes.extend(validate::update(resource, &live, &new));
        }
        if !causes.is_empty() {
            return Err(Status::invalid(resource, &own, &causes));
        }
        self.allocate(resource, &mut new, writer)?;
        if has_generation(&new) && spec_changed(&live, &new) {
            put(&mut new, &["metadata", "generation"], int(&live, "/metadata/generation").unwrap_or(1) + 1);
        }
        let entries = match ownership {
            Ownership::Decided(entries) => entries,
            Ownership::Tracked => {
                managed::track(Some(&live), &new, resource.shape, self.entry(resource, writer))
            }
        };
        managed::write(&mut new, entries);
        if new == *live {
            return Ok(live);
        }
        if writer.dry_run {
            return Ok(Arc::new(new));
        }
        if terminating(&new) && self.may_go(&id, &new) {
            let change = self.objects.put(&id, new);
            self.changed(resource, change);
            return Ok(self.finish_delete(resource, &space, &own).unwrap_or(live));
        }
        let change = self.objects.put(&id, new);
        Ok(self.changed(resource, change))
    }

    /// Changes an object from inside the simulator. Nothing happens when it is gone or refused;
    /// controllers see the reason in the log and try again with the next change.
    pub(crate) fn modify(
        &mut self,
        id: &str,
        space: &str,
        own: &str,
        writer: &Writer,
        change: impl FnOnce(&mut Value),
    ) -> Option<Arc<Value>> {
        let mut new = (*self.get(id, space, own)?).clone();
        change(&mut new);
        let resource = self.registry.id(id)?;
        self.update(&resource, new, writer, Ownership::Tracked)
            .inspect_err(|error| tracing::debug!(id, space, own, %error, "controller write refused"))
            .ok()
    }

    /// Creates an object from inside the simulator.
    pub(crate) fn make(&mut self, id: &str, new: Value, manager: &str) -> Result<Arc<Value>, Status> {
        let resource = self.resource(id);
        self.create(&resource, new, &Writer::controller(manager), Ownership::Tracked)
    }

    /// Tells the controllers about a change.
    pub(super) fn changed(&mut self, resource: &Resource, change: Change) -> Arc<Value> {
        let object = Arc::clone(&change.object);
        controllers::route(self, resource, &change);
        object
    }

    /// Takes an object whose last finalizer went out of the store.
    pub(super) fn finish_delete(
        &mut self,
        resource: &Resource,
        space: &str,
        own: &str,
    ) -> Option<Arc<Value>> {
        let change = self.objects.delete(&resource.id(), space, own)?;
        debug_assert_eq!(change.kind, ChangeKind::Deleted);
        Some(self.changed(resource, change))
    }

    fn check_namespace(&self, resource: &Resource, space: &str, own: &str) -> Result<(), Status> {
        if !resource.namespaced() {
            return Ok(());
        }
        let namespaces = self.resource("namespaces");
        let found = self.get("namespaces", "", space).ok_or_else(|| Status::not_found(&namespaces, space))?;
        if terminating(&found) {
            return Err(Status::terminating_namespace(resource, own, space));
        }
        Ok(())
    }

    fn stamp_new(&mut self, resource: &Resource, new: &mut Value) {
        let (uid, now) = (self.names.uid(), self.stamp());
        put(new, &["apiVersion"], resource.api_version());
        put(new, &["kind"], resource.kind.clone());
        let meta = object(new, &["metadata"]);
        meta.insert("uid".to_owned(), uid.into());
        meta.insert("creationTimestamp".to_owned(), now.into());
        for gone in
            ["resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"]
        {
            meta.shift_remove(gone);
        }
        if has_generation(new) {
            put(new, &["metadata", "generation"], 1);
        }
    }

    fn default(&self, resource: &Resource, new: &mut Value) {
        if !resource.custom {
            defaults::object(&resource.id(), new);
        }
        if resource.id() == "persistentvolumeclaims" {
            controllers::default_class(self, new);
        }
        prune_empty_metadata(new);
    }
}

/// Kinds with a `spec` count its changes, but not those whose API has no generation.
fn has_generation(object: &Value) -> bool {
    object.get("spec").is_some()
        && !matches!(
            text(object, "/kind"),
            "Node" | "Namespace" | "Service" | "PersistentVolume" | "PersistentVolumeClaim" | "Lease"
        )
}

fn spec_changed(live: &Value, new: &Value) -> bool {
    live.get("spec") != new.get("spec") || (terminating(new) && !terminating(live))
}

fn with_metadata_of(live: &Value, new: &Value) -> Value {
    let mut out = live.clone();
    // The status door takes metadata changes of labels and annotations only in real life; nobody
    // relies on that, so only ownership passes.
    if let Some(entries) = new.pointer("/metadata/managedFields") {
        put(&mut out, &["metadata", "managedFields"], entries.clone());
    }
    out
}

fn keep_system_metadata(live: &Value, new: &mut Value) {
    for key in ["apiVersion", "kind"] {
        put(new, &[key], live[key].clone());
    }
    let meta = object(new, &["metadata"]);
    for key in [
        "uid",
        "creationTimestamp",
        "generation",
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generateName",
    ] {
        match live.pointer(&format!("/metadata/{key}")) {
            Some(value) => meta.insert(key.to_owned(), value.clone()),
            None => meta.shift_remove(key),
        };
    }
}

/// The server never shows empty maps and lists of metadata.
fn prune_empty_metadata(new: &mut Value) {
    for key in ["labels", "annotations", "ownerReferences", "finalizers"] {
        let pointer = format!("/metadata/{key}");
        let empty = match new.pointer(&pointer) {
            Some(Value::Object(map)) => map.is_empty(),
            Some(Value::Array(_)) => list(new, &pointer).is_empty(),
            Some(Value::Null) => true,
            _ => false,
        };
        if empty {
            remove(new, &["metadata", key]);
        }
    }
}
