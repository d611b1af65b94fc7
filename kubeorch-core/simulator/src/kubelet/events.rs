//! Events about objects, counted up when they repeat.

use serde_json::{Value, json};

use crate::clock::stamp;
use crate::core::{Core, Ownership, Writer};
use crate::names::template_hash;
use crate::value::{int, name, namespace, put, text, uid};

impl Core {
    /// Records an event about an object. The same event again only counts up.
    pub(crate) fn event(&mut self, about: &Value, kind: &str, reason: &str, message: &str, component: &str) {
        self.event_at(about, "", kind, reason, message, component);
    }

    /// As [`Core::event`], about a field of the object, as `spec.containers{web}`.
    pub(crate) fn event_at(
        &mut self,
        about: &Value,
        field: &str,
        kind: &str,
        reason: &str,
        message: &str,
        component: &str,
    ) {
        let space = if namespace(about).is_empty() { "default" } else { namespace(about) };
        let hash = template_hash(&json!([uid(about), field, kind, reason, message]), 0);
        let own = format!("{}.{hash}", name(about));
        let now = stamp(self.now());
        let writer = Writer::controller(component);
        if let Some(before) = self.get("events", space, &own) {
            let count = int(&before, "/count").unwrap_or(1) + 1;
            self.modify("events", space, &own, &writer, |event| {
                put(event, &["count"], count);
                put(event, &["lastTimestamp"], now);
            });
            return;
        }
        let host = text(about, "/spec/nodeName");
        let mut source = json!({ "component": component });
        if component == "kubelet" {
            source["host"] = json!(host);
        }
        let mut involved = json!({
            "kind": about["kind"], "namespace": namespace(about), "name": name(about), "uid": uid(about),
            "apiVersion": about["apiVersion"], "resourceVersion": about["metadata"]["resourceVersion"],
        });
        if !field.is_empty() {
            involved["fieldPath"] = json!(field);
        }
        let event = json!({
            "metadata": { "name": own, "namespace": space },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": null,
            "reportingComponent": component,
            "reportingInstance": if component == "kubelet" { host } else { "" },
        });
        self.forget_old_events();
        let resource = self.resource("events");
        if let Err(error) = self.create(&resource, event, &writer, Ownership::Tracked) {
            tracing::trace!(%error, "event dropped");
        }
    }

    /// Keeps the number of events within its limit.
    fn forget_old_events(&mut self) {
        let count = self.objects.len("events");
        if count < self.config.limits.events {
            return;
        }
        let mut all: Vec<_> = self
            .objects
            .list("events", None)
            .map(|event| {
                (crate::store::version_of(event), namespace(event).to_owned(), name(event).to_owned())
            })
            .collect();
        all.sort_unstable();
        // A tenth at once, so that a full store doesn't sort for every event.
        for (_, space, own) in all.into_iter().take(count / 10 + 1) {
            self.discard("events", &space, &own, None);
        }
    }
}
