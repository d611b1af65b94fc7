//! From the command line to an exit code.

use std::process::ExitCode;

use clap::Parser;
use kubeorch_core::plugin::{ChildCompiler, compile_plugin};

use super::args::{Cli, Command, LogFormat};
use super::failure::{Failure, Outcome};
use super::output::{Format, Terminal};
use super::{commands, deploy, exit, logging, plugin, store};

/// Runs the command that the process was started with.
///
/// Wrong flags end the process here with [`exit::USAGE`]; `--help` and `--version` with [`exit::OK`].
///
/// Started by itself as a compiler of plugins, the process does that alone, before it does anything else.
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == ChildCompiler::COMMAND) {
        return compile_plugin();
    }
    let cli = Cli::parse();
    let mut terminal = Terminal::new(cli.common.color, cli.common.quiet, cli.common.verbose > 0);
    let format = answer_format(&cli.command);
    let code = match run(cli, &mut terminal) {
        Ok(code) => code,
        Err(failure) => {
            terminal.failure(format, &failure);
            failure.code
        }
    };
    ExitCode::from(code)
}

fn run(cli: Cli, terminal: &mut Terminal) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(exit::FAILURE, format!("no threads: {error}")))?;
    if !matches!(cli.command, Command::Serve(_)) {
        logging::start(logging::filter(cli.common.verbose), LogFormat::Text);
    }
    let outcome = runtime.block_on(dispatch(cli.command, terminal));
    // What still runs has nothing to finish: every command waits for what matters.
    runtime.shutdown_background();
    outcome
}

async fn dispatch(command: Command, terminal: &mut Terminal) -> Outcome {
    match command {
        Command::Serve(args) => commands::serve(&args, terminal).await,
        Command::Up(args) => deploy::up(&args, terminal).await,
        Command::Plan(args) => deploy::plan(&args.deploy, args.detailed_exitcode, terminal).await,
        Command::Simulator(args) => commands::simulator(&args, terminal).await,
        Command::Backup(args) => store::backup(&args, terminal).await,
        Command::Restore(args) => store::restore(&args, terminal).await,
        Command::Verify(args) => store::verify(&args, terminal).await,
        Command::Compact(args) => store::compact(&args, terminal).await,
        Command::Retain(args) => store::retain(&args, terminal).await,
        Command::Export(args) => store::export(&args, terminal).await,
        Command::Import(args) => store::import(&args, terminal).await,
        Command::Plugin(args) => plugin::plugin(&args, terminal).await,
        Command::Openapi(args) => commands::openapi(args.output, terminal).await,
        Command::Completion(args) => commands::completion(args.shell, terminal),
        Command::Version(args) => commands::version(args.output, terminal),
    }
}

/// In which form a failure is told on stdout, besides stderr.
fn answer_format(command: &Command) -> Format {
    match command {
        Command::Up(args) => args.deploy.output,
        Command::Plan(args) => args.deploy.output,
        Command::Backup(args) => args.output,
        Command::Restore(args) => args.output,
        Command::Verify(args) => args.output,
        Command::Export(args) if args.file.as_os_str() != "-" => args.output,
        Command::Import(args) => args.output,
        Command::Retain(args) => args.output,
        Command::Plugin(args) => plugin::answer_format(args),
        Command::Version(args) => args.output,
        _ => Format::Table,
    }
}
