//! The commands for authors of plugins, and for operators who install them.
//!
//! Boundary: projects and components are made by `kubeorch_plugin_pack`, judged and run by `kubeorch_core::plugin`; here
//! are paths, words and exit codes.

mod build;
mod cases;
mod check;
mod inspect;
pub(crate) mod manage;
mod new;
mod run;
mod test;

use std::path::Path;

use kubeorch_core::plugin::{Host, Limits};

use super::args::{Plugin, PluginCommand};
use super::failure::{Failure, Outcome};
use super::output::{Format, Terminal};
use super::{exit, file};

/// Runs a command about plugins.
pub(crate) async fn plugin(args: &Plugin, terminal: &mut Terminal) -> Outcome {
    match &args.command {
        PluginCommand::New(args) => new::new(args, terminal),
        PluginCommand::Build(args) => build::build(args, terminal),
        PluginCommand::Test(args) => test::test(args, terminal).await,
        PluginCommand::Check(args) => check::check(args, terminal).await,
        PluginCommand::Run(args) => run::run(args, terminal).await,
        PluginCommand::Inspect(args) => inspect::inspect(args, terminal).await,
        PluginCommand::Install(args) => manage::install(args, terminal).await,
        PluginCommand::List(args) => manage::list(args, terminal).await,
        PluginCommand::Upgrade(args) => manage::upgrade(args, terminal).await,
        PluginCommand::Rollback(args) => manage::rollback(args, terminal).await,
        PluginCommand::Remove(args) => manage::remove(args, terminal).await,
    }
}

/// In which form a failure is told on stdout.
pub(crate) fn answer_format(args: &Plugin) -> Format {
    match &args.command {
        PluginCommand::New(args) => args.output,
        PluginCommand::Build(args) => args.output,
        PluginCommand::Test(args) => args.output,
        PluginCommand::Check(args) => args.output,
        PluginCommand::Inspect(args) => args.output,
        PluginCommand::Install(args) => args.rules.output,
        PluginCommand::List(args) => args.rules.output,
        PluginCommand::Upgrade(args) => args.rules.output,
        PluginCommand::Rollback(args) => args.rules.output,
        PluginCommand::Remove(args) => args.rules.output,
        PluginCommand::Run(_) => Format::Table,
    }
}

/// A sandbox with the limits that a server has by default.
fn host() -> Result<Host, Failure> {
    Ok(Host::new(Limits::default()).map_err(kubeorch_core::Error::from)?)
}

/// A component's bytes. How large it may be is for the host to say; this bounds what is read.
pub(crate) fn component(path: &Path) -> Result<Vec<u8>, Failure> {
    let failure = |error: std::io::Error| {
        let hint = "Make it with `kubeorch plugin build`, which prints where it is.";
        Failure::usage(format!("{} cannot be read: {error}", path.display())).hint(hint)
    };
    let size = std::fs::metadata(path).map_err(failure)?.len();
    if size > file::MAX_BYTES {
        return Err(Failure::new(exit::INVALID, format!("{} is larger than 16 MiB", path.display())));
    }
    std::fs::read(path).map_err(failure)
}

/// A number of things: `1 case`, `2 cases`.
fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// A path as people typed it, when it lies below the current directory.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
