//! Flags of the commands about installed plugins: `plugin install`, `list`, `upgrade`, `rollback`, `remove`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::super::output::Format;
use super::DataDir;

const INSTALL: &str = "\
Examples:
  kubeorch plugin install team-quota.wasm --trusted-key RWQBAgM…
                                        signed: team-quota.wasm.minisig lies beside it
  kubeorch plugin install oci://registry.example.com/plugins/team-quota:0.1.0
                                        the signature comes from there too
  kubeorch plugin install team-quota.wasm --allow-unsigned
                                        for development

A server that has the store open installs it itself, by its own rules: `plugins.trusted_keys` and
`plugins.allow_unsigned` of its configuration. Calls that are under way end in the version they began in.";

const REMOVE: &str = "\
A plugin whose node types are used by workflows, in their graph or in what they deployed, is removed with --force only.";

/// Whose data, and by which rules, when no server has the store open.
#[derive(Args)]
#[allow(clippy::doc_markdown, reason = "help text")]
pub(crate) struct Rules {
    /// A minisign public key whose components are taken; may be repeated
    #[arg(long, value_name = "KEY", env = "KUBEORCH_PLUGINS_TRUSTED_KEYS", value_delimiter = ',')]
    pub(crate) trusted_key: Vec<String>,
    /// Take components without a signature of a trusted key; for development
    #[arg(long, env = "KUBEORCH_PLUGINS_ALLOW_UNSIGNED")]
    pub(crate) allow_unsigned: bool,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// What to install, and how to know that it is that.
#[derive(Args)]
pub(crate) struct Component {
    /// The component: a file, `https://…` with --sha256, or `oci://REGISTRY/REPOSITORY:TAG`
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) source: String,
    /// SHA-256 that it must have, in hex
    #[arg(long, value_name = "HEX")]
    pub(crate) sha256: Option<String>,
    /// Its minisign signature, by default what lies beside it as SOURCE.minisig
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signature: Option<PathBuf>,
}

/// `kubeorch plugin install`
#[derive(Args)]
#[command(after_help = INSTALL)]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) component: Component,
    #[command(flatten)]
    pub(crate) rules: Rules,
}

/// `kubeorch plugin list`
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) rules: Rules,
}

/// `kubeorch plugin upgrade`
#[derive(Args)]
pub(crate) struct Upgrade {
    /// The plugin
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) component: Component,
    /// Take an older version too, or another build of the same
    #[arg(long)]
    pub(crate) downgrade: bool,
    #[command(flatten)]
    pub(crate) rules: Rules,
}

/// `kubeorch plugin rollback`
#[derive(Args)]
pub(crate) struct Rollback {
    /// The plugin
    pub(crate) id: String,
    /// A version that is kept, by default the one before
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    #[command(flatten)]
    pub(crate) rules: Rules,
}

/// `kubeorch plugin remove`
#[derive(Args)]
#[command(after_help = REMOVE)]
pub(crate) struct Remove {
    /// The plugin
    pub(crate) id: String,
    /// Remove it also while workflows use it
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) rules: Rules,
}
