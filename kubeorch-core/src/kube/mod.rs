//! The edge to Kubernetes: what the engine asks of a cluster, and the adapters that answer.
//!
//! [`Cluster`] is one connected API server; [`Connector`] makes one from credentials. The adapter over
//! kube-rs stands behind the feature `kube`.

mod api;
mod error;

pub use api::{
    Applied, ApplyOptions, Cluster, Connector, Credentials, Endpoint, Event, Operation, Scope, ServerInfo,
    WatchStream,
};
pub use error::Error;
