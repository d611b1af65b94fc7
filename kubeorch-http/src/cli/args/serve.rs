//! Flags of `serve`. A flag wins over the environment, that over the file, that over the default.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  kubeorch serve --simulator --dev               everything in one process, nothing to set up
  kubeorch serve --data-dir /var/lib/kubeorch --listen 0.0.0.0:3000
  kubeorch serve --config kubeorch.toml --print-config

With port 0 the system chooses one. The first line on stdout is the address that it listens on.
Every key of the file can also be given as KUBEORCH_<KEY>; --print-config lists them all.";

/// `kubeorch serve`
#[derive(Args)]
#[allow(clippy::doc_markdown, clippy::struct_excessive_bools, reason = "help text; each is a flag")]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Where the store and the encryption key are kept [default: $XDG_DATA_HOME/kubeorch]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file, TOML
    #[arg(long, value_name = "FILE", env = "KUBEORCH_CONFIG", value_hint = clap::ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// What a commit costs: two flushes, or one and a slow start after a crash [default: safe]
    #[arg(long, value_name = "MODE", help_heading = "Store")]
    pub(crate) store_durability: Option<Durability>,
    /// Free space on the disk below which nothing is written [default: 256MiB]
    #[arg(long, value_name = "SIZE", help_heading = "Store")]
    pub(crate) store_reserve: Option<String>,
    /// Add a simulated cluster named `simulator` for every user
    #[arg(long)]
    pub(crate) simulator: bool,
    /// Development rules; prints what they loosen. Not for other people's networks
    #[arg(long)]
    pub(crate) dev: bool,
    /// Do not watch what is deployed for changes behind the server's back
    #[arg(long)]
    pub(crate) no_drift: bool,
    /// Least severe log lines to print, or filter directives [default: info]
    #[arg(long, value_name = "LEVEL", help_heading = "Output")]
    pub(crate) log_level: Option<String>,
    /// Form of log lines [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) log_format: Option<LogFormat>,
    /// Print the configuration in force, where each value comes from, and exit; secrets are masked
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// What a commit costs and what a crash costs. With either, what was answered is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Durability {
    /// Two flushes a commit; after a crash the store opens at once.
    Safe,
    /// One flush a commit; after a crash the whole file is read first, about a second per GiB.
    Fast,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
