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
/// How the templates' `Cargo.toml` names the SDK where it asks for nothing else of it.
const SDK_ALONE: &str = "{ path = \"../../..\" }";
/// How it does among the features that it asks for.
const SDK: &str = "path = \"../../..\"";

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

    /// In the place of [`SDK_ALONE`].
    fn alone(&self) -> String {
        match self {
            Self::Version(version) => format!("{version:?}"),
            Self::Path(_) => format!("{{ {} }}", self.member()),
        }
    }

    /// In the place of [`SDK`].
    fn member(&self) -> String {
        match self {
            Self::Version(version) => format!("version = {version:?}"),
            Self::Path(path) => format!("path = {:?}", path.display().to_string()),
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

/// The files of a template, of which all but the cases have the same names in each.
macro_rules! template {
    ($world:literal, $($case:literal),* $(,)?) => {
        &[
            ("Cargo.toml", include_str!(concat!("../templates/", $world, "/Cargo.toml"))),
            ("plugin.toml", include_str!(concat!("../templates/", $world, "/plugin.toml"))),
            ("src/lib.rs", include_str!(concat!("../templates/", $world, "/src/lib.rs"))),
            $((
                concat!("cases/", $case),
                include_str!(concat!("../templates/", $world, "/cases/", $case)),
            ),)*
            ("README.md", include_str!(concat!("../templates/", $world, "/README.md"))),
            // Under another name, because Git would obey it in the template's folder.
            (".gitignore", include_str!(concat!("../templates/", $world, "/gitignore"))),
        ]
    };
}

const NODE_TYPES: &[Template] =
    template!("node-types", "three-pods/request.json", "three-pods/expected.json");

const STEP: &[Template] = template!("step", "two-texts/request.json", "two-texts/expected.json");

const IMPORT_ANALYZER: &[Template] = template!(
    "import-analyzer",
    "found/request.json",
    "found/expected.json",
    "found/tree/apps/shop/images.txt",
    "two-images/request.json",
    "two-images/expected.json",
    "two-images/tree/apps/shop/images.txt",
);

const FIX_TEMPLATE: &[Template] = template!(
    "fix-template",
    "found/request.json",
    "found/expected.json",
    "proposed/request.json",
    "proposed/expected.json",
);

fn template(world: World) -> &'static [Template] {
    match world {
        World::NodeTypes => NODE_TYPES,
        World::Step => STEP,
        World::ImportAnalyzer => IMPORT_ANALYZER,
        World::FixTemplate => FIX_TEMPLATE,
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
        text.replace(SDK_ALONE, &project.sdk.alone())
            .replace(SDK, &project.sdk.member())
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
