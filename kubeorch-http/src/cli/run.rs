//! From the command line to an exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command};
use super::failure::Outcome;
use super::output::{Format, Terminal};
use super::{commands, exit};

/// Runs the command that the process was started with.
///
/// Wrong flags end the process here with [`exit::USAGE`]; `--help` and `--version` with [`exit::OK`].
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut terminal = Terminal::new(cli.common.color, cli.common.quiet, cli.common.verbose > 0);
    let format = answer_format(&cli.command);
    let code = match dispatch(cli, &mut terminal) {
        Ok(code) => code,
        Err(failure) => {
            terminal.failure(format, &failure);
            failure.code
        }
    };
    ExitCode::from(code)
}

fn dispatch(cli: Cli, terminal: &mut Terminal) -> Outcome {
    match cli.command {
        Command::Completion(args) => commands::completion(args.shell, terminal),
        Command::Version(args) => commands::version(args.output, terminal),
        _ => todo!(),
    }
}

/// In which form a failure is told on stdout, besides stderr.
fn answer_format(command: &Command) -> Format {
    match command {
        Command::Up(args) => args.deploy.output,
        Command::Plan(args) => args.deploy.output,
        Command::Version(args) => args.output,
        _ => Format::Table,
    }
}
