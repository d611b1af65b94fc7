//! Objects in the form the client accepts: whole, as a table, or metadata only.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Call, table};
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

    pub(super) fn one(self, resource: &Resource, object: &Value, now: Timestamp) -> Value {
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

    pub(super) fn many(
        self,
        resource: &Resource,
        items: &[Arc<Value>],
        meta: Value,
        now: Timestamp,
    ) -> Value {
        let list = |api_version: String, kind: &str, items: Vec<Value>| json!({ "apiVersion": api_version, "kind": kind, "metadata": meta, "items": items });
        match self {
            Self::Whole => {
                let items = items.iter().map(|item| (**item).clone()).collect();
                list(resource.api_version(), &resource.list_kind, items)
            }
            Self::Metadata => {
                let items = items.iter().map(|item| metadata(item)).collect();
                list("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList", items)
            }
            Self::Table(include) => {
                let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
                table::table(resource, &items, include, meta, now, true)
            }
        }
    }
}

/// `PartialObjectMetadata` of an object.
pub(super) fn metadata(object: &Value) -> Value {
    json!({ "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"] })
}
