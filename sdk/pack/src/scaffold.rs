//! Starts a project from a template.
//!
//! The templates are projects in this crate's folder `templates`, compiled and tested there as they are. A new project is
//! such a template with another name and another SDK.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{World, source::is_id};

/// The name that templates have, replaced wherever it stands; longer ones than any word of the texts.
const NAME: &str = "kubeorch-template";
const TITLE: &str = "KubeOrch template";
/// The line of the templates' `Cargo.toml` that names the SDK.
const SDK: &str = "kubeorch-plugin-sdk = { path = \"../../..\" }";

/// Where a project gets the SDK from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sdk {
    /// A release.
    Version(String),
    /// A folder: the SDK in a checkout of KubeOrch.
    Path(PathBuf),
}

impl Sdk {
    /// The release that belongs to this program.
    pub fn published() -> Self {
        Self::Version(env!("CARGO_PKG_VERSION").to_owned())
    }

    /// The SDK of the checkout that a folder is in.
    pub fn around(folder: &Path) -> Option<Self> {
        let is_sdk = |folder: &PathBuf| {
            let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
            text.lines().any(|line| line == "name = \"kubeorch-plugin-sdk\"")
        };
        folder.ancestors().map(|parent| parent.join("sdk")).find(is_sdk).map(Self::Path)
    }

    /// Reads `PATH|VERSION`: what is a folder is a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        if Path::new(text).join("Cargo.toml").is_file() {
            return std::path::absolute(text).map(Self::Path).map_err(|error| error.to_string());
        }
        match semver::VersionReq::parse(text) {
            Ok(_) => Ok(Self::Version(text.to_owned())),
            Err(_) => Err(format!("{text} is neither a folder with the SDK nor a version")),
        }
    }

    fn dependency(&self) -> String {
        match self {
            Self::Version(version) => format!("kubeorch-plugin-sdk = {version:?}"),
            Self::Path(path) => {
                format!("kubeorch-plugin-sdk = {{ path = {:?} }}", path.display().to_string())
            }
        }
    }
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Project {
    /// Of the package, the plugin and what it brings.
    pub name: String,
    /// Which template.
    pub world: World,
    /// Where; the folder is made, and nothing in it may be in the way.
    pub folder: PathBuf,
    /// Where it gets the SDK from.
    pub sdk: Sdk,
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is none.
    #[error(
        "{0:?} cannot name a plugin: lower-case letters, digits and single hyphens, a letter first, at most 64"
    )]
    Name(String),
    /// Something is there already; nothing was written.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A file of a template: its path in the project, and its text.
type Template = (&'static str, &'static str);

const NODE_TYPES: &[Template] = &[
    ("Cargo.toml", include_str!("../templates/node-types/Cargo.toml")),
    ("plugin.toml", include_str!("../templates/node-types/plugin.toml")),
    ("src/lib.rs", include_str!("../templates/node-types/src/lib.rs")),
    ("cases/three-pods/request.json", include_str!("../templates/node-types/cases/three-pods/request.json")),
    (
        "cases/three-pods/expected.json",
        include_str!("../templates/node-types/cases/three-pods/expected.json"),
    ),
    ("README.md", include_str!("../templates/node-types/README.md")),
    // Under another name, because Git would obey it in the template's folder.
    (".gitignore", include_str!("../templates/node-types/gitignore")),
];

fn template(world: World) -> &'static [Template] {
    match world {
        World::NodeTypes => NODE_TYPES,
    }
}

/// Writes the project and returns its files, relative to its folder. Nothing is written when any of them is there.
pub fn create(project: &Project) -> Result<Vec<PathBuf>, Error> {
    if !is_id(&project.name) {
        return Err(Error::Name(project.name.clone()));
    }
    let mut files = files(project);
    // The lock of the checkout: its SDK then compiles with the releases that it is tested with, also without a network.
    if let Sdk::Path(sdk) = &project.sdk
        && let Some(lock) = sdk.parent().and_then(|root| fs::read_to_string(root.join("Cargo.lock")).ok())
    {
        files.push(("Cargo.lock".into(), lock));
    }
    for (path, _) in &files {
        let path = project.folder.join(path);
        if path.exists() {
            return Err(Error::Exists(path));
        }
    }
    for (path, text) in &files {
        write(&project.folder.join(path), text)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn files(project: &Project) -> Vec<(PathBuf, String)> {
    let title = title(&project.name);
    let library = project.name.replace('-', "_");
    let own = |text: &str| {
        text.replace(SDK, &project.sdk.dependency())
            .replace(NAME, &project.name)
            .replace(&NAME.replace('-', "_"), &library)
            .replace(TITLE, &title)
    };
    template(project.world).iter().map(|(path, text)| (PathBuf::from(path), own(text))).collect()
}

/// `team-quota` as people read it: `Team quota`.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = fs::File::create_new(path).map_err(failed)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}
