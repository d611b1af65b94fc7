//! Flags of `plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use kubeorch_plugin_pack::World;

use super::super::output::Format;
use super::{DocumentFormat, Install, List, Remove, Rollback, Upgrade};

const PLUGIN: &str = "\
Examples:
  kubeorch plugin new team-quota        a project with a small plugin that works
  cd team-quota
  kubeorch plugin test                  build it, and run its cases in the sandbox
  kubeorch plugin build --release       the component as it is shipped
  kubeorch plugin check target/plugin/team-quota.wasm
                                        whether a host takes it, and how it takes bad input
  kubeorch up FILE --plugin target/plugin/team-quota.wasm
                                        use it at once
  kubeorch plugin install target/plugin/team-quota.wasm --allow-unsigned
                                        give it to a server";

const NEW: &str = "\
Examples:
  kubeorch plugin new team-quota
  kubeorch plugin new team-quota --dir plugins/quota --sdk ~/src/kubeorch/sdk
  kubeorch plugin new join-texts --world step

The SDK is the one of the checkout that the project lies in, else the release with the version of this program.";

const TEST: &str = "\
A case is a folder `cases/NAME`: `request.json` names a function of the plugin and its request,
`expected.json` is the answer. Each is asked twice, in fresh instances, and must be answered alike.

Examples:
  kubeorch plugin test
  kubeorch plugin test --bless          write the answers to expected.json; read the difference
  kubeorch plugin test --component team-quota.wasm -o json

Exit code 0 says that every case passed, 3 that one did not.";

const CHECK: &str = "\
Examples:
  kubeorch plugin check team-quota.wasm
  kubeorch plugin check team-quota.wasm -o json > report.json

Exit code 0 says that a host takes the plugin, 3 that something must be mended; warnings change nothing.";

const RUN: &str = "\
Examples:
  kubeorch plugin run team-quota.wasm --node node.yaml
  echo '{\"type\": \"team-quota\", \"data\": {\"name\": \"cap\", \"pods\": 3}}' | kubeorch plugin run team-quota.wasm --node -

A node is an object with `type` and `data`, and an `id` when the plugin looks at it.";

/// `kubeorch plugin`
#[derive(Args)]
#[command(after_help = PLUGIN)]
pub(crate) struct Plugin {
    #[command(subcommand)]
    pub(crate) command: PluginCommand,
}

/// What to do with a plugin.
#[derive(Subcommand)]
pub(crate) enum PluginCommand {
    /// Start a project
    New(New),
    /// Make a component of a project
    Build(Build),
    /// Run the cases of a project in the sandbox
    Test(Test),
    /// Check whether a component is a good plugin
    Check(Check),
    /// Render one node and print its objects
    Run(Run),
    /// Show who a component is and what it brings
    Inspect(Inspect),
    /// Add a plugin to a data directory or a running server
    Install(Install),
    /// List the plugins that are there
    List(List),
    /// Put another version of a plugin in the place of the one in use
    Upgrade(Upgrade),
    /// Go back to a version of a plugin that is kept
    Rollback(Rollback),
    /// Take a plugin away with all its versions
    Remove(Remove),
}

/// `kubeorch plugin new`
#[derive(Args)]
#[command(after_help = NEW)]
pub(crate) struct New {
    /// Name of the package, the plugin and what it brings: lower-case letters, digits, hyphens
    pub(crate) name: String,
    /// What the plugin is: node-types, step, import-analyzer or fix-template
    #[arg(long, value_name = "WORLD", default_value = "node-types", value_parser = world)]
    pub(crate) world: World,
    /// Folder to make, by default the name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
    /// The SDK: a folder, or a version
    #[arg(long, value_name = "PATH|VERSION")]
    pub(crate) sdk: Option<String>,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// How Cargo builds.
#[derive(Args)]
pub(crate) struct Cargo {
    /// Folder of Cargo.toml and plugin.toml
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) project: PathBuf,
    /// Optimise, as for shipping
    #[arg(long)]
    pub(crate) release: bool,
    /// Without the network
    #[arg(long)]
    pub(crate) offline: bool,
}

/// `kubeorch plugin build`
#[derive(Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) cargo: Cargo,
    /// Where the component goes, by default target/plugin/ID.wasm
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch plugin test`
#[derive(Args)]
#[command(after_help = TEST)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) cargo: Cargo,
    /// A component to test instead of building the project
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) component: Option<PathBuf>,
    /// Write what is answered to the cases' expected.json
    #[arg(long)]
    pub(crate) bless: bool,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch plugin check`
#[derive(Args)]
#[command(after_help = CHECK)]
pub(crate) struct Check {
    /// The component
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch plugin run`
#[derive(Args)]
#[command(after_help = RUN)]
pub(crate) struct Run {
    /// The component
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The node, YAML or JSON; `-` reads stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) node: PathBuf,
    /// Form of the objects
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    pub(crate) output: DocumentFormat,
}

/// `kubeorch plugin inspect`
#[derive(Args)]
pub(crate) struct Inspect {
    /// The component
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

fn world(text: &str) -> Result<World, String> {
    World::ALL.iter().copied().find(|world| world.word() == text).ok_or_else(|| {
        let words: Vec<_> = World::ALL.iter().map(|world| world.word()).collect();
        format!("one of {}", words.join(", "))
    })
}
