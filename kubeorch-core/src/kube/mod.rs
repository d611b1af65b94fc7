//! The edge to Kubernetes: what the engine asks of a cluster, and the adapters that answer.
//!
//! [`Cluster`] is one connected API server; [`Connector`] makes one from credentials; [`Hub`] shares watches
//! among many readers. The adapter over kube-rs ([`Client`], [`Connect`]) stands behind the feature `kube`, the
//! in-memory cluster `fake` behind `test-util`.

mod api;
#[cfg(feature = "kube")]
mod client;
#[cfg(feature = "kube")]
mod connect;
mod error;
#[cfg(any(test, feature = "test-util"))]
pub mod fake;
mod health;
mod hub;
pub(crate) mod quantity;

pub use api::{
    Applied, ApplyOptions, Cluster, Connector, Credentials, DeleteOptions, Deleted, Endpoint, Event, Head,
    Known, Operation, Propagation, Scope, ServerInfo, WatchStream,
};
#[cfg(feature = "kube")]
pub use client::{Client, Options};
#[cfg(feature = "kube")]
pub use connect::{Connect, ContextInfo, Probe, Step, from_kubeconfig_files, in_cluster};
pub use error::{Cause, Class, Error};
pub use health::{Counters, Health};
pub use hub::{Changes, Hub, HubOptions, State, Subscription};
