//! A Kubernetes object as data: what it is, where it lives, and its canonical bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Finding;

/// `apiVersion` and `kind`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// `v1`, `apps/v1`, …
    pub api_version: String,
    /// `Service`, `Deployment`, …
    pub kind: String,
}

impl Kind {
    /// From both parts.
    pub fn new(api_version: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { api_version: api_version.into(), kind: kind.into() }
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version within the group.
    pub fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap_or(&self.api_version)
    }
}

/// What makes an object the same object: group and kind (not the version), namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The kind; two versions of one kind address the same object, see [`Key::same`].
    #[serde(flatten)]
    pub kind: Kind,
    /// `None` for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// Whether both address one object.
    pub fn same(&self, other: &Self) -> bool {
        self.kind.group() == other.kind.group()
            && self.kind.kind == other.kind.kind
            && self.namespace == other.namespace
            && self.name == other.name
    }
}

/// `Deployment shop/web`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind.kind, self.name),
            None => write!(f, "{} {}", self.kind.kind, self.name),
        }
    }
}

/// A whole object. Members keep their order; two objects are equal when their JSON is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Object(Map<String, Value>);

impl Object {
    /// Checks that the value can be an object of Kubernetes: a map with `apiVersion`, `kind` and a name.
    pub fn new(value: Value) -> Result<Self, Finding> {
        let Value::Object(map) = value else {
            return Err(Finding::error("manifest.not_an_object", "a manifest must be a JSON object"));
        };
        let object = Self(map);
        for (field, text) in [
            ("apiVersion", object.text("apiVersion")),
            ("kind", object.text("kind")),
            ("metadata.name", object.meta("name")),
        ] {
            if text.is_none_or(str::is_empty) {
                return Err(Finding::error("manifest.incomplete", format!("{field} is missing")).at(field));
            }
        }
        Ok(object)
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        Kind::new(self.text("apiVersion").unwrap_or_default(), self.text("kind").unwrap_or_default())
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.meta("name").unwrap_or_default()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.meta("namespace")
    }

    /// `metadata.uid`, once an API server has made one.
    pub fn uid(&self) -> Option<&str> {
        self.meta("uid")
    }

    /// `metadata.resourceVersion`.
    pub fn resource_version(&self) -> Option<&str> {
        self.meta("resourceVersion")
    }

    /// The identity.
    pub fn key(&self) -> Key {
        Key {
            kind: self.kind(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name().to_owned(),
        }
    }

    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.0.get("metadata")?.get("labels")?.get(name)?.as_str()
    }

    /// Sets a label.
    pub fn set_label(&mut self, name: &str, value: &str) {
        let metadata = self.0.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(metadata) = metadata {
            let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(labels) = labels {
                labels.insert(name.to_owned(), Value::from(value));
            }
        }
    }

    /// The members.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The members, to change.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// The value, copied.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// A value by JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        let mut parts = pointer.strip_prefix('/')?.splitn(2, '/');
        let first = self.0.get(parts.next()?)?;
        parts.next().map_or(Some(first), |rest| first.pointer(&format!("/{rest}")))
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    fn meta(&self, member: &str) -> Option<&str> {
        self.0.get("metadata")?.get(member)?.as_str()
    }
}
