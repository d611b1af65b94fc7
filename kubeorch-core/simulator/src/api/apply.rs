//! The apply verb: server-side apply over the core.

use std::sync::Arc;

use serde_json::Value;

use super::Call;
use super::status::Status;
use super::write::conform;
use crate::apply::{self, Entry, Fields, Operation};
use crate::core::{Core, Ownership};
use crate::value::{list, remove, text};

/// Applies the body; says whether the object is new.
pub(super) fn apply(core: &mut Core, call: &Call) -> Result<(Arc<Value>, bool), Status> {
    let resource = &call.resource;
    if call.query.get("fieldManager").is_empty() {
        return Err(Status::bad_request(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    let mut config = call.json()?;
    if text(&config, "/kind").is_empty() || text(&config, "/apiVersion").is_empty() {
        return Err(Status::bad_request("apply patches must name apiVersion and kind"));
    }
    if !list(&config, "/metadata/managedFields").is_empty() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    conform(call, &mut config)?;
    remove(&mut config, &["metadata", "managedFields"]);
    remove(&mut config, &["metadata", "creationTimestamp"]);
    if resource.has("status") && call.subresource.is_empty() {
        remove(&mut config, &["status"]);
    }
    let writer = call.writer()?;
    let live = core.get(&resource.id(), call.space(), call.own());
    let entry = Entry {
        manager: writer.manager.clone(),
        operation: Operation::Apply,
        api_version: resource.api_version(),
        time: core.stamp(),
        subresource: call.subresource.clone(),
        fields: Fields::default(),
    };
    let claimed = text(&config, "/metadata/resourceVersion");
    let version = live.as_deref().map_or("", |live| text(live, "/metadata/resourceVersion"));
    if !claimed.is_empty() && claimed != version {
        return Err(Status::stale(resource, call.own()));
    }
    let uid = text(&config, "/metadata/uid");
    if live.is_none() && !uid.is_empty() {
        return Err(Status::conflict(
            resource,
            call.own(),
            &format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            ),
        ));
    }
    let force = call.query.flag("force");
    let (merged, entries) = apply::apply(live.as_deref(), &config, resource.shape, entry, force)?;
    let ownership = Ownership::Decided(entries);
    match live {
        Some(_) => Ok((core.update(resource, merged, &writer, ownership)?, false)),
        None if !call.subresource.is_empty() => Err(Status::not_found(resource, call.own())),
        None => Ok((core.create(resource, merged, &writer, ownership)?, true)),
    }
}
