//! The edge to Kubernetes: what the engine asks of a cluster, and the adapters that answer.
//!
//! [`Cluster`] is one connected API server; [`Connector`] makes one from credentials. The adapter over
//! kube-rs stands behind the feature `kube`.

mod api;
#[cfg(feature = "kube")]
mod client;
#[cfg(feature = "kube")]
mod connect;
mod error;

pub use api::{
    Applied, ApplyOptions, Cluster, Connector, Credentials, Endpoint, Event, Operation, Scope, ServerInfo,
    WatchStream,
};
#[cfg(feature = "kube")]
pub use client::{Client, Options};
#[cfg(feature = "kube")]
pub use connect::{Connect, ContextInfo, Probe, Step, from_kubeconfig_files, in_cluster};
pub use error::Error;
