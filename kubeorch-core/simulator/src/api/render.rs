//! Objects in the form the client accepts: whole, as a table, or metadata only.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, Call, table};
use crate::resources::Resource;

/// How objects are to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    Metadata,
    Table(Include),
}

/// What rows of a table carry of their objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    None,
    Metadata,
    Object,
}

impl Form {
    /// The first form of `Accept` the server knows.
    pub(super) fn of(call: &Call) -> Self {
        for part in call.accept.split(',') {
            if part.contains("as=Table") && part.contains("v=v1;") | part.trim_end().ends_with("v=v1") {
                return Self::Table(match call.query.get("includeObject") {
                    "None" => Include::None,
                    "Object" => Include::Object,
                    _ => Include::Metadata,
                });
            }
            if part.contains("as=PartialObjectMetadata") && part.contains("v=v1") {
                return Self::Metadata;
            }
            if part.trim_start().starts_with("application/json") && !part.contains("as=") {
                return Self::Whole;
            }
        }
        Self::Whole
    }

    /// One object as the answer to a request.
    pub(super) fn answer(
        self,
        code: StatusCode,
        resource: &Resource,
        object: &Value,
        now: Timestamp,
    ) -> Answer {
        match self {
            // The large and common case: written without a copy of the object.
            Self::Whole => Answer::Written(code, written(object)),
            _ => Answer::Json(code, self.one(resource, object, now)),
        }
    }

    fn one(self, resource: &Resource, object: &Value, now: Timestamp) -> Value {
        match self {
            Self::Whole => object.clone(),
            Self::Metadata => metadata(object),
            Self::Table(include) => {
                let meta = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                table::table(resource, &[object], include, meta, now, true)
            }
        }
    }

    /// As [`Form::one`] for events of a watch: only the first table has columns.
    pub(super) fn event(self, resource: &Resource, object: &Value, now: Timestamp, first: bool) -> Value {
        match self {
            Self::Table(include) => {
                let meta = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                table::table(resource, &[object], include, meta, now, first)
            }
            other => other.one(resource, object, now),
        }
    }

    /// A list of objects as the answer to a request.
    pub(super) fn many(
        self,
        resource: &Resource,
        items: &[Arc<Value>],
        meta: Value,
        now: Timestamp,
    ) -> Answer {
        match self {
            Self::Whole => {
                let list = List {
                    api_version: resource.api_version(),
                    kind: &resource.list_kind,
                    metadata: meta,
                    items: items.iter().map(AsRef::as_ref).collect(),
                };
                Answer::Written(StatusCode::OK, written(&list))
            }
            Self::Metadata => {
                let items: Vec<_> = items.iter().map(|item| metadata(item)).collect();
                Answer::ok(json!({
                    "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList",
                    "metadata": meta, "items": items,
                }))
            }
            Self::Table(include) => {
                let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
                Answer::ok(table::table(resource, &items, include, meta, now, true))
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    api_version: String,
    kind: &'a str,
    metadata: Value,
    items: Vec<&'a Value>,
}

/// JSON text. Values with text for keys, as all here, can't fail to be written.
pub(super) fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// `PartialObjectMetadata` of an object.
pub(super) fn metadata(object: &Value) -> Value {
    json!({ "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"] })
}
