//! `plugin build`: the component of a project.

use std::path::PathBuf;

use kubeorch_plugin_pack::{self as pack, Built, Error, Manifest, SOURCE, toolchain};
use serde::Serialize;

use super::shown;
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, Tone, document, paint};
use crate::cli::store::Size;

/// The answer.
#[derive(Serialize)]
struct Answer<'a> {
    path: &'a PathBuf,
    size: usize,
    sha256: &'a str,
    manifest: &'a Manifest,
    imports: &'a [String],
    exports: &'a [String],
    sdk: String,
}

/// Builds, and prints what came of it.
pub(super) fn build(args: &args::Build, terminal: &mut Terminal) -> Outcome {
    let built = make(&args.cargo, args.out.clone(), terminal)?;
    let sdk = match &built.package.sdk {
        Some((version, Some(folder))) => format!("{version} in {}", folder.display()),
        Some((version, None)) => format!("{version} from the registry"),
        None => "none".to_owned(),
    };
    let answer = Answer {
        path: &built.path,
        size: built.size,
        sha256: &built.sha256,
        manifest: &built.manifest,
        imports: &built.imports,
        exports: &built.exports,
        sdk,
    };
    let text = document(args.output, &answer).unwrap_or_else(|| told(&answer));
    terminal.data(&text)?;
    Ok(exit::OK)
}

/// Builds a project.
pub(super) fn make(
    args: &args::Cargo,
    out: Option<PathBuf>,
    terminal: &mut Terminal,
) -> Result<Built, Failure> {
    let options = pack::Options {
        release: args.release,
        offline: args.offline,
        out,
        cargo: std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
        ..pack::Options::new(&args.project)
    };
    let profile = if args.release { "release" } else { "debug" };
    terminal.note(&format!("Building {} for {}, {profile}", args.project.display(), toolchain::TARGET));
    pack::build(&options).map_err(|error| failure(&error, terminal))
}

fn failure(error: &Error, terminal: &mut Terminal) -> Failure {
    let failed = Failure::new(exit::FAILURE, error.to_string());
    match error {
        Error::Source(problems) => {
            for problem in problems {
                let label = paint(Tone::Bad, "error");
                terminal.tell(&format!("  {label} {SOURCE} {}: {}", problem.field, problem.message));
                terminal.tell(&format!("    {}", paint(Tone::Dim, &problem.hint)));
            }
            Failure { code: exit::INVALID, ..failed }
        }
        Error::File { path, .. } if path.ends_with(SOURCE) || !path.exists() => {
            let hint =
                "Go to a plugin's folder, or name it with --project; `kubeorch plugin new` starts one.";
            Failure { code: exit::USAGE, ..failed }.hint(hint)
        }
        Error::Compile => failed.hint("Correct what the compiler says above."),
        Error::NoLibrary(_) => failed.hint("`kubeorch plugin new` shows a whole Cargo.toml."),
        Error::Toolchain(toolchain::Error::Missing { .. }) => {
            failed.hint("Install Rust with rustup: https://rustup.rs")
        }
        Error::Metadata(_) => failed.hint(
            "Correct Cargo.toml. An SDK that is not in the registry is named by its folder, \
             kubeorch-plugin-sdk = { path = \"…/sdk\" }.",
        ),
        _ => failed,
    }
}

fn told(answer: &Answer<'_>) -> String {
    let names = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    format!(
        "Built {}\n  plugin   {} {}\n  size     {}\n  sha-256  {}\n  exports  {}\n  imports  {}\n  sdk      {}\n",
        shown(answer.path),
        answer.manifest.id,
        answer.manifest.version,
        Size(answer.size as u64),
        answer.sha256,
        names(answer.exports),
        names(answer.imports),
        answer.sdk,
    )
}
