//! The cluster that a file goes to.

use std::sync::Arc;

use kubeorch_core::kube::{self, Cluster};

use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::simulation;

/// A cluster, and what people call it.
pub(crate) struct Target {
    /// The name inside the engine and in answers: `simulator` or the context's.
    pub(crate) name: String,
    /// For the first line: `context prod (https://…)`.
    pub(crate) title: String,
    /// The connection.
    pub(crate) cluster: Arc<dyn Cluster>,
}

impl Target {
    /// A real cluster when a context or a kubeconfig is named, else a simulated one. Makes no call to a server.
    pub(crate) async fn open(args: &args::Target) -> Result<Self, Failure> {
        if args.context.is_none() && args.kubeconfig.is_none() {
            let title = format!("{} (in this process)", simulation::NAME);
            return Ok(Self { name: simulation::NAME.to_owned(), title, cluster: simulation::cluster() });
        }
        let (client, info) = kube::from_kubeconfig_files(args.kubeconfig.as_deref(), args.context.as_deref())
            .await
            .map_err(|error| Failure::from(kubeorch_core::Error::from(error)))?;
        let title = format!("context {} ({})", info.context, info.server.trim_end_matches('/'));
        Ok(Self { name: info.context, title, cluster: Arc::new(client) })
    }
}
