//! `version` and `completion`: what the program says of itself.

use clap_complete::Shell;
use serde::Serialize;

use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::Outcome;
use crate::cli::output::{Format, Terminal, document};

/// The answer of `version`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: &'static str,
    platform: String,
}

/// Prints the version.
pub(crate) fn version(format: Format, terminal: &mut Terminal) -> Outcome {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    };
    let text = document(format, &version)
        .unwrap_or_else(|| format!("kubeorch {} ({})\n", version.version, version.platform));
    terminal.data(&text)?;
    Ok(exit::OK)
}

/// Prints a completion script.
pub(crate) fn completion(shell: Shell, terminal: &mut Terminal) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "kubeorch", &mut script);
    terminal.data(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}
