//! The state behind the lock and the one way to write it, for clients and controllers alike.

mod delete;
mod write;

use std::sync::Arc;

use serde_json::Value;

use crate::access::Tokens;
use crate::apply::{Entry, Operation};
use crate::builder::Config;
use crate::clock::stamp;
use crate::controllers::{Addresses, Autoscalers, Loads, Queue};
use crate::kubelet::Runtimes;
use crate::names::Names;
use crate::resources::{Registry, Resource};
use crate::store::Objects;

pub(crate) use delete::{DeleteOptions, Propagation};

/// Everything the server knows.
pub(crate) struct Core {
    pub(crate) registry: Registry,
    pub(crate) objects: Objects,
    pub(crate) names: Names,
    pub(crate) queue: Queue,
    pub(crate) pods: Runtimes,
    pub(crate) addresses: Addresses,
    pub(crate) autoscalers: Autoscalers,
    pub(crate) tokens: Tokens,
    pub(crate) loads: Loads,
    pub(crate) config: Arc<Config>,
}

/// Who writes, and through which door.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) manager: String,
    /// `""`, `status` or `scale`.
    pub(crate) subresource: String,
    /// Check everything, store nothing.
    pub(crate) dry_run: bool,
    /// One of the simulator's own controllers, which may set what clients may not.
    pub(crate) internal: bool,
}

impl Writer {
    /// A controller writing the whole object.
    pub(crate) fn controller(manager: &str) -> Self {
        Self { manager: manager.to_owned(), subresource: String::new(), dry_run: false, internal: true }
    }

    /// A controller writing `status`.
    pub(crate) fn status(manager: &str) -> Self {
        Self { subresource: "status".to_owned(), ..Self::controller(manager) }
    }
}

/// How ownership of fields moves with a write.
pub(crate) enum Ownership {
    /// What changed belongs to the writer.
    Tracked,
    /// Apply has worked it out.
    Decided(Vec<Entry>),
}

impl Core {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            registry: Registry::builtin(),
            objects: Objects::new(config.limits.history),
            names: Names::new(config.seed),
            queue: Queue::new(),
            pods: Runtimes::default(),
            addresses: Addresses::default(),
            autoscalers: Autoscalers::default(),
            tokens: Tokens::default(),
            loads: Loads::default(),
            config,
        }
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.config.clock.now()
    }

    /// The present as `metav1.Time`.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now())
    }

    /// A built-in resource. The ids used are rows of the table; a wrong one is a bug a test finds.
    pub(crate) fn resource(&self, id: &str) -> Arc<Resource> {
        self.registry.id(id).unwrap_or_else(|| unreachable!("no built-in resource {id}"))
    }

    pub(crate) fn get(&self, id: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(id, namespace, name).cloned()
    }

    /// The objects of a resource, all namespaces when `namespace` is `None`.
    pub(crate) fn list(&self, id: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.objects.list(id, namespace).cloned().collect()
    }

    /// The objects of a resource that an owner controls or owns.
    pub(crate) fn owned(&self, owner: &str, id: &str) -> Vec<Arc<Value>> {
        self.objects
            .owned_by(owner)
            .into_iter()
            .filter(|(resource, _)| resource == id)
            .filter_map(|(resource, (namespace, name))| self.get(&resource, &namespace, &name))
            .collect()
    }

    fn entry(&self, resource: &Resource, writer: &Writer) -> Entry {
        Entry {
            manager: writer.manager.clone(),
            operation: Operation::Update,
            api_version: resource.api_version(),
            time: self.stamp(),
            subresource: writer.subresource.clone(),
            fields: crate::apply::Fields::default(),
        }
    }
}
