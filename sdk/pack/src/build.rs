//! From a project to a component.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use sha2::{Digest, Sha256};

use crate::{
    Manifest, Package, Source,
    component::{self, Interface},
    source::{Problem, SOURCE},
    toolchain::{self, Compiler, TARGET},
};

/// How to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of `Cargo.toml` and `plugin.toml`.
    pub project: PathBuf,
    /// Optimised, as it is shipped.
    pub release: bool,
    /// Without the network.
    pub offline: bool,
    /// Where the component goes; by default `plugin/<id>.wasm` in Cargo's target folder.
    pub out: Option<PathBuf>,
    /// Cargo's program.
    pub cargo: PathBuf,
    /// The compiler's program.
    pub rustc: PathBuf,
}

impl Options {
    /// A debug build of a project with the compiler of the search path.
    pub fn new(project: impl Into<PathBuf>) -> Self {
        Self {
            project: project.into(),
            release: false,
            offline: false,
            out: None,
            cargo: "cargo".into(),
            rustc: "rustc".into(),
        }
    }
}

/// A finished component.
#[derive(Debug, Clone)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
    /// Who it is.
    pub manifest: Manifest,
    /// What it imports; a plugin that is a pure function imports nothing.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// The project, as Cargo sees it.
    pub package: Package,
}

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The compiler cannot be used.
    #[error(transparent)]
    Toolchain(#[from] toolchain::Error),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Cargo does not understand the project.
    #[error("cargo does not understand the project: {0}")]
    Metadata(String),
    /// The package has no library of the type `cdylib`.
    #[error("the package {0} makes no component: it needs `crate-type = [\"cdylib\"]` under [lib]")]
    NoLibrary(String),
    /// The code does not compile; the compiler said why on stderr.
    #[error("the plugin does not compile")]
    Compile,
    /// `plugin.toml` is wrong.
    #[error("{SOURCE} has {} {}", .0.len(), if .0.len() == 1 { "error" } else { "errors" })]
    Source(Vec<Problem>),
    /// What the compiler made is not a component.
    #[error("what was built cannot be used: {0}")]
    Component(#[from] component::Error),
}

/// Builds a project. Cargo writes its progress to stderr. The bytes depend on the sources, `Cargo.lock` and the compiler,
/// not on where the project lies.
pub fn build(options: &Options) -> Result<Built, Error> {
    let project = fs::canonicalize(&options.project).map_err(|error| at(&options.project, error))?;
    let described = read(&project.join(SOURCE))?;
    let source = Source::parse(&described).map_err(|problem| Error::Source(vec![problem]))?;
    let compiler = Compiler::new(&options.rustc);
    compiler.require_target()?;
    let package = Package::read(&options.cargo, &project, options.offline)?;
    let library = package.library.clone().ok_or_else(|| Error::NoLibrary(package.name.clone()))?;
    let profile = compile(options, &project, &compiler, &package)?;
    let module = package.target.join(TARGET).join(profile).join(format!("{library}.wasm"));
    let linked = fs::read(&module).map_err(|error| at(&module, error))?;
    let interface = Interface::read(&linked)?;
    let manifest = source.manifest(&package, &interface).map_err(Error::Source)?;
    let section = manifest.canonical().map_err(|error| Error::Metadata(error.to_string()))?;
    let bytes = component::embed(&linked, &section)?;
    let path = options.out.clone().unwrap_or_else(|| default_path(&package.target, &manifest.id));
    write(&path, &bytes)?;
    Ok(Built {
        size: bytes.len(),
        sha256: Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        imports: interface.imports,
        exports: interface.exports,
        path,
        manifest,
        package,
    })
}

/// Runs Cargo; the folder of the profile.
fn compile(
    options: &Options,
    project: &Path,
    compiler: &Compiler,
    package: &Package,
) -> Result<&'static str, Error> {
    let flags = compiler.flags(&package.sources)?;
    let mut cargo = toolchain::cargo(&options.cargo, &flags);
    cargo.current_dir(project).stdin(Stdio::null()).stdout(Stdio::null());
    cargo.args(["build", "--lib", "--target", TARGET, "--target-dir"]).arg(&package.target);
    cargo.args(options.release.then_some("--release")).args(options.offline.then_some("--offline"));
    let status = cargo.status().map_err(|source| toolchain::Error::Missing {
        program: options.cargo.display().to_string(),
        source,
    })?;
    if !status.success() {
        return Err(Error::Compile);
    }
    Ok(if options.release { "release" } else { "debug" })
}

fn default_path(target: &Path, id: &str) -> PathBuf {
    target.join("plugin").join(format!("{id}.wasm"))
}

/// In one step, so that a server which reads the file meanwhile sees the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
    }
    let draft = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, path)).map_err(|error| at(path, error))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| at(path, error))
}

fn at(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}
