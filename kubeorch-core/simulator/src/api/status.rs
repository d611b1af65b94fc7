//! Failures as Kubernetes words them: the `Status` object and its HTTP code.

use std::fmt;

use serde_json::{Value, json};

use crate::resources::Resource;

/// A failed request, exactly as a client will see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Value,
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.reason, self.message)
    }
}

/// One finding about one field, as `field.Error` prints it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl Cause {
    /// The field must be set.
    pub(crate) fn required(field: impl Into<String>, note: &str) -> Self {
        let tail = if note.is_empty() { String::new() } else { format!(": {note}") };
        Self { reason: "FieldValueRequired", message: format!("Required value{tail}"), field: field.into() }
    }

    /// The field holds something it may not.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, note: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {note}"),
            field: field.into(),
        }
    }

    /// The field may not be set or changed so.
    pub(crate) fn forbidden(field: impl Into<String>, note: &str) -> Self {
        Self { reason: "FieldValueForbidden", message: format!("Forbidden: {note}"), field: field.into() }
    }

    /// The field holds none of the values known.
    pub(crate) fn unsupported(field: impl Into<String>, value: &Value, known: &[&str]) -> Self {
        let known: Vec<_> = known.iter().map(|one| format!("\"{one}\"")).collect();
        Self {
            reason: "FieldValueNotSupported",
            message: format!("Unsupported value: {value}: supported values: {}", known.join(", ")),
            field: field.into(),
        }
    }

    /// The same key twice in a list with keys.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            message: format!("Duplicate value: {value}"),
            field: field.into(),
        }
    }
}

impl Status {
    fn new(code: u16, reason: &'static str, message: String, details: Value) -> Self {
        Self { code, reason, message, details }
    }

    fn about(resource: &Resource, name: &str) -> Value {
        let mut details = json!({ "name": name, "kind": resource.plural });
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        details
    }

    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.id());
        Self::new(404, "NotFound", message, Self::about(resource, name))
    }

    pub(crate) fn unknown_path() -> Self {
        let message = "the server could not find the requested resource".to_owned();
        Self::new(404, "NotFound", message, json!({}))
    }

    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.id());
        Self::new(409, "AlreadyExists", message, Self::about(resource, name))
    }

    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.id());
        Self::new(409, "Conflict", message, Self::about(resource, name))
    }

    /// The object changed since the version the client started from.
    pub(crate) fn stale(resource: &Resource, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// What a fault script answers instead of the truth.
    pub(crate) fn scripted_conflict() -> Self {
        let message = "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again";
        Self::new(409, "Conflict", message.to_owned(), json!({}))
    }

    /// Server-side apply met fields others own.
    pub(crate) fn apply_conflict(causes: &[Cause]) -> Self {
        let plural = if causes.len() == 1 { "conflict" } else { "conflicts" };
        let lines = match causes {
            [one] => format!(" {}: {}", one.message, one.field),
            many => many.iter().map(|one| format!("\n- {}: {}", one.message, one.field)).collect(),
        };
        let lead = format!("Apply failed with {} {plural}:{lines}", causes.len());
        Self::new(409, "Conflict", lead, json!({ "causes": causes_json(causes) }))
    }

    pub(crate) fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        let lines: Vec<_> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let list = if lines.len() == 1 { lines[0].clone() } else { format!("[{}]", lines.join(", ")) };
        let kind = if resource.group.is_empty() {
            resource.kind.clone()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let mut details = json!({ "name": name, "kind": resource.kind, "causes": causes_json(causes) });
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        Self::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {list}"), details)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message.into(), Value::Null)
    }

    /// A well-formed request the server can't carry out.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, "Invalid", message.into(), json!({}))
    }

    pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("{} \"{name}\" is forbidden: {why}", resource.id());
        Self::new(403, "Forbidden", message, Self::about(resource, name))
    }

    /// RBAC allows it to nobody the user is.
    pub(crate) fn denied(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let id = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let lead = match (id.is_empty(), name.is_empty()) {
            (true, _) => "forbidden".to_owned(),
            (false, true) => format!("{id} is forbidden"),
            (false, false) => format!("{id} \"{name}\" is forbidden"),
        };
        let mut details = json!({ "kind": resource });
        for (field, value) in [("name", name), ("group", group)] {
            if !value.is_empty() {
                details[field] = json!(value);
            }
        }
        Self::new(403, "Forbidden", format!("{lead}: {why}"), details)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized".to_owned(), Value::Null)
    }

    /// A version the server has not come to yet.
    pub(crate) fn too_new(wanted: u64, present: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {present}");
        let causes =
            json!([{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }]);
        Self::new(504, "Timeout", message, json!({ "causes": causes, "retryAfterSeconds": 1 }))
    }

    /// Nothing new may be made in a namespace on its way out.
    pub(crate) fn terminating_namespace(resource: &Resource, name: &str, namespace: &str) -> Self {
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut status = Self::forbidden(resource, name, &why);
        let message = format!("namespace {namespace} is being terminated");
        status.details["causes"] =
            json!([{ "reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace" }]);
        status
    }

    /// What an admission webhook said no to.
    pub(crate) fn denied_by_webhook(message: &str) -> Self {
        let message = format!("admission webhook \"faults.simulator.local\" denied the request: {message}");
        Self::new(403, "Forbidden", message, json!({}))
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message.into(), Value::Null)
    }

    pub(crate) fn too_many_requests(message: impl Into<String>, seconds: u64) -> Self {
        Self::new(429, "TooManyRequests", message.into(), json!({ "retryAfterSeconds": seconds }))
    }

    /// An eviction a disruption budget stands against.
    pub(crate) fn budget(message: &str) -> Self {
        let causes = json!([{ "reason": "DisruptionBudget", "message": message }]);
        let text = "Cannot evict pod as it would violate the pod's disruption budget.";
        Self::new(429, "TooManyRequests", text.to_owned(), json!({ "causes": causes }))
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource".to_owned();
        Self::new(405, "MethodNotAllowed", message, json!({}))
    }

    pub(crate) fn unsupported_media_type(known: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {known}"
        );
        Self::new(415, "UnsupportedMediaType", message, json!({}))
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(413, "RequestEntityTooLarge", message, Value::Null)
    }

    /// A failure the server has no reason for, as those of its typed patches.
    pub(crate) fn untyped(message: impl Into<String>) -> Self {
        Self::new(500, "", message.into(), Value::Null)
    }

    /// Something a real cluster does and the simulator leaves out.
    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(501, "NotImplemented", message.into(), Value::Null)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message.into(), Value::Null)
    }

    /// The `Status` object.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        });
        if !self.details.is_null() {
            body["details"] = self.details.clone();
        }
        body["code"] = json!(self.code);
        body
    }
}

fn causes_json(causes: &[Cause]) -> Vec<Value> {
    causes
        .iter()
        .map(|cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field }))
        .collect()
}
