//! The command line as data. What a flag does is decided by the commands.

mod deploy;
mod installed;
mod plugin;
mod serve;
mod simulator;
mod store;

use clap::{Args, CommandFactory, Parser, Subcommand};

use super::exit;
use super::output::Color;

pub(crate) use deploy::{Deploy, Plan, Target, Up, Values};
pub(crate) use installed::{Component, Install, List, Remove, Rollback, Rules, Upgrade};
pub(crate) use plugin::{Build, Cargo, Check, Inspect, New, Plugin, PluginCommand, Run, Test};
pub(crate) use serve::{Durability, LogFormat, Serve};
pub(crate) use simulator::Simulator;
pub(crate) use store::{Backup, Compact, DataDir, Export, Import, Restore, Retain, Verify};

const EXAMPLES: &str = "\
Examples:
  kubeorch serve --simulator                    a server with a simulated cluster, to try things out
  kubeorch up examples/guestbook/workflow.yaml deploy a file to a simulated cluster in this process
  kubeorch plan shop.yaml --context prod        what would change on a real cluster
  kubeorch up shop.yaml --context prod          change it, and wait until everything is ready
  kubeorch simulator --write-kubeconfig sim.kubeconfig
                                                a simulated cluster for kubectl and other tools";

/// Deploys graphs of Kubernetes resources: as a server with a REST API, or from a file.
#[derive(Parser)]
#[command(name = "kubeorch", version, max_term_width = 110, after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Copy)]
#[allow(clippy::doc_markdown, reason = "help text")]
pub(crate) struct Common {
    /// When to colour; NO_COLOR is obeyed
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(crate) color: Color,
    /// Print errors and the answer only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Print log lines too, and no redrawn progress; twice for debugging. Never a secret
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(Serve),
    /// Deploy a workflow file and wait until everything is ready
    Up(Up),
    /// Show what `up` would change, and change nothing
    Plan(Plan),
    /// Run a simulated Kubernetes cluster, for kubectl and other tools
    Simulator(Simulator),
    /// Copy the store, also while a server uses it
    Backup(Backup),
    /// Make a store from backups
    Restore(Restore),
    /// Check that a store or a backup is whole
    Verify(Verify),
    /// Give the free pages of a store back to the disk
    Compact(Compact),
    /// Remove what retention no longer keeps, also while a server uses the store
    Retain(Retain),
    /// Write the store as lines of JSON, also while a server uses it
    Export(Export),
    /// Make a store from an export
    Import(Import),
    /// Write, build, test, check and install plugins
    Plugin(Plugin),
    /// Print the OpenAPI document of the server
    Openapi(Openapi),
    /// Print the version
    Version(Version),
    /// Print a completion script for a shell
    Completion(Completion),
}

/// `kubeorch openapi`
#[derive(Args)]
pub(crate) struct Openapi {
    /// Form of the document
    #[arg(short, long, value_name = "FORMAT", default_value = "json")]
    pub(crate) output: DocumentFormat,
}

/// `kubeorch version`
#[derive(Args)]
pub(crate) struct Version {
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: super::output::Format,
}

/// `kubeorch completion`
#[derive(Args)]
#[command(after_help = "Example:\n  source <(kubeorch completion bash)")]
pub(crate) struct Completion {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// A document's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DocumentFormat {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// The whole command line, for completion scripts and generated documents.
pub fn command() -> clap::Command {
    Cli::command()
}

fn long_help() -> String {
    let codes: Vec<String> = exit::ALL.iter().map(|(code, text)| format!("  {code:>3}  {text}")).collect();
    format!("{EXAMPLES}\n\nExit codes:\n{}", codes.join("\n"))
}
