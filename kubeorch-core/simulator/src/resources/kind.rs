//! One resource: its names, scope, verbs and the shape of its objects.

use serde_json::{Value, json};

use crate::apply::Shape;

/// Whether objects live in namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Cluster,
    Namespaced,
}

/// A resource the server serves in exactly one version.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) scope: Scope,
    /// `status`, `scale`, `log`, `eviction`, `binding`.
    pub(crate) subresources: Vec<String>,
    /// List keys and atomic parts of the objects.
    pub(crate) shape: &'static Shape,
    /// What may be done with it.
    pub(crate) verbs: &'static [&'static str],
    /// Worked out for each request, stored nowhere.
    pub(crate) computed: bool,
    /// Defined by a `CustomResourceDefinition`.
    pub(crate) custom: bool,
    /// What a custom resource's definition says: printer columns and the like.
    pub(crate) definition: Value,
}

/// The verbs of every stored resource.
pub(crate) const VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Resource {
    /// `deployments.apps`, `pods`: how messages and the store name it.
    pub(crate) fn id(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `apps/v1`, `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    pub(crate) fn namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    pub(crate) fn has(&self, subresource: &str) -> bool {
        self.subresources.iter().any(|known| known == subresource)
    }

    /// The group, version and kind as discovery and OpenAPI write them.
    pub(crate) fn gvk(&self) -> Value {
        json!({ "group": self.group, "version": self.version, "kind": self.kind })
    }
}
