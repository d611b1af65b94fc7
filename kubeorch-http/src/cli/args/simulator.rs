//! Flags of `simulator`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Example:
  kubeorch simulator --write-kubeconfig sim.kubeconfig &
  kubectl --kubeconfig sim.kubeconfig get pods -A --watch

The cluster lives in memory: it is gone when the process ends.";

/// `kubeorch simulator`
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Simulator {
    /// Address and port to listen on; with port 0 the system chooses one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6443")]
    pub(crate) listen: String,
    /// Write a kubeconfig for it to this file (an existing one is replaced)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) write_kubeconfig: Option<PathBuf>,
}
