//! Flags of `up` and `plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::output::Format;
use kubeorch_core::graph::Hash;
use kubeorch_core::secret::Secret;

const UP_EXAMPLES: &str = "\
Examples:
  kubeorch up workflow.yaml                     to a simulated cluster in this process
  kubeorch up workflow.yaml --context kind-dev  to the cluster of a kubeconfig context
  kubeorch up - -o json < workflow.yaml         read stdin, answer JSON
  kubeorch up shop.yaml --context prod --secret-from-env db.PASSWORD=DB_PASSWORD

Repeating it is safe: what is already as the file says stays untouched, and an interrupted `up` is
finished by the next one. Objects that left the file are removed, except volumes and secrets.
Exit codes: see `kubeorch --help`.";

const PLAN_EXAMPLES: &str = "\
Examples:
  kubeorch plan workflow.yaml --context prod
  kubeorch plan workflow.yaml --context prod --detailed-exitcode   0: no change, 9: changes

Exit codes: see `kubeorch --help`.";

/// `kubeorch up`
#[derive(Args)]
#[command(after_help = UP_EXAMPLES)]
pub(crate) struct Up {
    /// How long to wait until everything is ready, for instance 90s, 5m, 1h30m
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Show what would change, and change nothing; the same as `kubeorch plan`
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Apply this plan only, by the hash that `kubeorch plan -o json` shows; any other is refused
    #[arg(long, value_name = "HASH")]
    pub(crate) plan: Option<Hash>,
    // Last: its headings would go on over what follows.
    #[command(flatten)]
    pub(crate) deploy: Deploy,
}

/// `kubeorch plan`
#[derive(Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub(crate) struct Plan {
    /// Exit with 9 when there is something to change
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    // Last: its headings would go on over what follows.
    #[command(flatten)]
    pub(crate) deploy: Deploy,
}

/// What `up` and `plan` share.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Deploy {
    /// Workflow file, YAML or JSON; `-` reads stdin
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Form of the answer on stdout
    #[arg(short, long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    pub(crate) output: Format,
    /// Take over fields that another manager (kubectl, Helm, a controller) has set
    #[arg(long)]
    pub(crate) force_conflicts: bool,
    /// Take over objects that belong to another workflow or tool
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Remove objects that are no longer in the file; so it is without the flag, too
    #[arg(long, overrides_with = "no_prune")]
    pub(crate) prune: bool,
    /// Leave objects that are no longer in the file where they are
    #[arg(long, overrides_with = "prune")]
    pub(crate) no_prune: bool,
    /// Remove objects of a kind that holds data, too: secret, persistentvolumeclaim, …; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',', conflicts_with = "no_prune")]
    pub(crate) prune_protected: Vec<String>,
    /// Fail when a namespace is missing instead of making it
    #[arg(long)]
    pub(crate) no_create_namespaces: bool,
    /// A plugin besides those built in: a component's file; may be repeated
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) plugin: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) values: Values,
}

/// Where to deploy to.
#[derive(Args)]
#[command(next_help_heading = "Cluster (a simulated one in this process when none is named)")]
pub(crate) struct Target {
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Kubeconfig file; without it KUBECONFIG, then ~/.kube/config; its current context unless --context names one
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Namespace of nodes that name none; without it the file's, then `default`
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Keep versions and runs in this directory, for real clusters; without it in memory until the end
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Values that are given with the run and never stored.
///
/// Every flag takes the whole text as a secret: an error about one names the part before `=` at most.
#[derive(Args)]
#[command(next_help_heading = "Values of the run (never stored or printed)")]
pub(crate) struct Values {
    /// A secret's value; other users of this machine can see command lines, prefer a file or the environment
    #[arg(long, value_name = "NODE.KEY=VALUE", value_parser = secret)]
    pub(crate) set_secret: Vec<Secret>,
    /// A secret's value from an environment variable
    #[arg(long, value_name = "NODE.KEY=ENVVAR", value_parser = secret)]
    pub(crate) secret_from_env: Vec<Secret>,
    /// Secret values from a YAML or JSON file: NODE: {KEY: VALUE}
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) secrets_file: Option<PathBuf>,
    /// An environment variable of a workload
    #[arg(long, value_name = "NODE.NAME=VALUE", value_parser = secret)]
    pub(crate) set_env: Vec<Secret>,
}

/// Never refuses: the parser's own error would print the text.
#[allow(clippy::unnecessary_wraps)]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let bare = text.parse::<u64>().ok().map(Duration::from_secs);
    let parsed = bare.or_else(|| Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok());
    parsed.filter(|duration| !duration.is_zero()).ok_or_else(|| "a time like 90s, 5m or 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_kubectl_reads_them() {
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        };
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5_400), ("1h 30m", 5_400)] {
            check(text, Some(seconds));
        }
        for text in ["", "0", "0s", "-5s", "soon", "5 parsecs", "99999999999999999999h"] {
            check(text, None);
        }
    }
}
