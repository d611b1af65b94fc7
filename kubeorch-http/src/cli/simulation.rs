//! The simulated cluster inside this process.

use std::sync::Arc;

use kubeorch_core::kube::{Client, Cluster};
use kubeorch_simulator::Simulator;

/// Its name in the engine.
pub(crate) const NAME: &str = "simulator";

/// A new simulated cluster, reached without a socket. It lives as long as the connection.
pub(crate) fn cluster() -> Arc<dyn Cluster> {
    Arc::new(Client::simulated(&Simulator::builder().build()))
}
