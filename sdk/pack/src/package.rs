//! What Cargo knows of the project.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::build::Error;

/// The package in a folder, as `cargo metadata` tells it.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence.
    pub description: Option<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// Where to read more; the repository when there is no home page.
    pub homepage: Option<String>,
    /// `Name <address>` each.
    pub authors: Vec<String>,
    /// The name of the library, as its file has it.
    pub library: Option<String>,
    /// Where Cargo builds.
    pub target: PathBuf,
    /// Folders of packages that come from no registry, the project's own too, and what to call them in the bytes.
    pub sources: Vec<(PathBuf, String)>,
    /// The SDK that it resolves to: version, and folder when it is one.
    pub sdk: Option<(String, Option<PathBuf>)>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    version: String,
    description: Option<String>,
    license: Option<String>,
    homepage: Option<String>,
    repository: Option<String>,
    #[serde(default)]
    authors: Vec<String>,
    /// `None` for a folder.
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl Package {
    /// Asks Cargo; writes `Cargo.lock` when it is not there.
    pub(crate) fn read(cargo: &Path, folder: &Path, offline: bool) -> Result<Self, Error> {
        let mut command = Command::new(cargo);
        command.current_dir(folder).args(["metadata", "--format-version", "1"]);
        command.args(["--filter-platform", crate::toolchain::TARGET]);
        command.args(offline.then_some("--offline"));
        let output = command.output().map_err(|source| crate::toolchain::Error::Missing {
            program: cargo.display().to_string(),
            source,
        })?;
        if !output.status.success() {
            return Err(Error::Metadata(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).map_err(|error| Error::Metadata(error.to_string()))?;
        let own = folder.join("Cargo.toml");
        metadata.package(&own).ok_or_else(|| Error::Metadata(format!("{} is no package", own.display())))
    }
}

impl Metadata {
    fn package(self, manifest: &Path) -> Option<Package> {
        let own = self.packages.iter().find(|package| package.manifest_path == manifest)?;
        let cdylib = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        let sdk = self.packages.iter().find(|package| package.name == "kubeorch-plugin-sdk");
        Some(Package {
            name: own.name.clone(),
            version: own.version.clone(),
            description: own.description.clone(),
            license: own.license.clone(),
            homepage: own.homepage.clone().or_else(|| own.repository.clone()),
            authors: own.authors.clone(),
            library: own.targets.iter().find(cdylib).map(|target| target.name.replace('-', "_")),
            target: self.target_directory.clone(),
            sources: self.sources(),
            sdk: sdk.map(|sdk| (sdk.version.clone(), sdk.folder())),
        })
    }

    fn sources(&self) -> Vec<(PathBuf, String)> {
        let folders = self.packages.iter().filter_map(|package| Some((package.folder()?, &package.name)));
        folders.map(|(folder, name)| (folder, format!("/src/{name}"))).collect()
    }
}

impl Described {
    fn folder(&self) -> Option<PathBuf> {
        let parent = self.manifest_path.parent().map(Path::to_owned);
        if self.source.is_none() { parent } else { None }
    }
}
