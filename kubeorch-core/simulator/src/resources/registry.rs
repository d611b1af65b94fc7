//! Looking resources up by path, kind or id; adding and removing custom ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Resource, table};

/// All resources, by id. Iteration is ordered, so discovery is deterministic.
#[derive(Debug)]
pub(crate) struct Registry {
    by_id: BTreeMap<String, Arc<Resource>>,
}

impl Registry {
    pub(crate) fn builtin() -> Self {
        let by_id = table::rows().into_iter().map(|row| (row.id(), Arc::new(row))).collect();
        Self { by_id }
    }

    /// The resource with this id, `deployments.apps` or `pods`.
    pub(crate) fn id(&self, id: &str) -> Option<Arc<Resource>> {
        self.by_id.get(id).cloned()
    }

    /// The resource under `/apis/GROUP/VERSION/PLURAL`.
    pub(crate) fn path(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        self.iter().find(|r| r.group == group && r.version == version && r.plural == plural).cloned()
    }

    /// The resource of an `apiVersion` and `kind`, as owner references name it.
    pub(crate) fn kind(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        self.iter().find(|r| r.kind == kind && r.api_version() == api_version).cloned()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.by_id.values()
    }

    /// Groups with their version, the core group first.
    pub(crate) fn groups(&self) -> Vec<(String, String)> {
        let mut groups: Vec<_> = self.iter().map(|r| (r.group.clone(), r.version.clone())).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    pub(crate) fn insert(&mut self, resource: Resource) {
        self.by_id.insert(resource.id(), Arc::new(resource));
    }

    /// Takes a custom resource out again; built-in ones stay.
    pub(crate) fn remove(&mut self, id: &str) {
        if self.by_id.get(id).is_some_and(|resource| resource.custom) {
            self.by_id.remove(id);
        }
    }
}
