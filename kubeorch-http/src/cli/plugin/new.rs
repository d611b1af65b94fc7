//! `plugin new`: a project to begin with.

use std::path::PathBuf;

use kubeorch_plugin_pack::scaffold::{Error, Project, Sdk, create};
use serde::Serialize;

use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document};

/// The answer.
#[derive(Serialize)]
struct Started {
    folder: PathBuf,
    world: &'static str,
    sdk: String,
    files: Vec<PathBuf>,
}

/// Writes the project.
pub(super) fn new(args: &args::New, terminal: &mut Terminal) -> Outcome {
    let folder = args.dir.clone().unwrap_or_else(|| args.name.clone().into());
    let whole = std::path::absolute(&folder)
        .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
    let sdk = match &args.sdk {
        Some(text) => Sdk::parse(text).map_err(|message| {
            Failure::usage(message).hint("Give the folder `sdk` of a checkout, or a version like 0.1.0.")
        })?,
        None => Sdk::around(&whole).unwrap_or_else(Sdk::published),
    };
    let project = Project { name: args.name.clone(), world: args.world, folder: folder.clone(), sdk };
    let files = create(&project).map_err(|error| failure(&error))?;
    let sdk = match &project.sdk {
        Sdk::Version(version) => format!("version {version} from the registry"),
        Sdk::Path(path) => path.display().to_string(),
    };
    let started = Started { folder, world: args.world.word(), sdk, files };
    let text = document(args.output, &started).unwrap_or_else(|| told(&started));
    terminal.data(&text)?;
    Ok(exit::OK)
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Exists(_) => {
            Failure::usage(error.to_string()).hint("Choose another folder with --dir; nothing was written.")
        }
        Error::Name(_) => Failure::usage(error.to_string()).hint("For instance: team-quota"),
        _ => Failure::new(exit::FAILURE, error.to_string()),
    }
}

fn told(started: &Started) -> String {
    let folder = started.folder.display();
    let files = started.files.iter().map(|file| format!("  {}\n", file.display())).collect::<String>();
    format!(
        "Started a plugin for {} in {folder}:\n{files}SDK: {}\nNext: cd {folder} && kubeorch plugin test\n",
        started.world, started.sdk
    )
}
