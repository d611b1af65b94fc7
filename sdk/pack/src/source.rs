//! `plugin.toml`: what an author writes of a manifest. The rest comes from `Cargo.toml` and from the component itself.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;

use crate::{
    Package,
    component::Interface,
    manifest::{CAPABILITIES, FORM, Host, Manifest},
};

/// The name of the file, beside `Cargo.toml`.
pub const SOURCE: &str = "plugin.toml";

/// Characters of an id.
const ID: usize = 64;
/// Characters of a text.
const TEXT: usize = 1024;
/// Authors.
const AUTHORS: usize = 32;

/// The file's contents. An absent member is taken from the package.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Unique among plugins; by default the package's name.
    pub id: Option<String>,
    /// For people; by default the id.
    pub name: Option<String>,
    /// One sentence; by default the package's.
    pub description: Option<String>,
    /// SPDX expression; by default the package's.
    pub license: Option<String>,
    /// Where to read more; by default the package's.
    pub homepage: Option<String>,
    /// Who wrote it; by default the package's.
    pub authors: Option<Vec<String>>,
    /// WIT packages with their versions; by default what the component exports.
    #[serde(default)]
    pub worlds: BTreeMap<String, String>,
    /// Some of [`CAPABILITIES`].
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The hosts that it runs on.
    #[serde(default)]
    pub host: SourceHost,
}

/// The table `host`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceHost {
    /// The oldest release; by default the version of this crate.
    pub min: Option<String>,
}

/// Something wrong with `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The member: `worlds.kubeorch:step`.
    pub field: String,
    /// A lower-case fragment.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Source {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = 1 + before.matches('\n').count();
            Problem {
                field: format!("line {line}"),
                message: error.message().to_owned(),
                hint: "the guide for authors lists the members of plugin.toml".to_owned(),
            }
        })
    }

    /// The manifest of a component of this package, or everything that is wrong with it.
    pub fn manifest(&self, package: &Package, component: &Interface) -> Result<Manifest, Vec<Problem>> {
        let or = |own: &Option<String>, other: &Option<String>| own.clone().or_else(|| other.clone());
        let id = self.id.clone().unwrap_or_else(|| package.name.clone());
        let exported = component.packages().map(|(name, version)| (name.to_owned(), version.to_owned()));
        let manifest = Manifest {
            manifest: FORM,
            name: self.name.clone().unwrap_or_else(|| id.clone()),
            id,
            version: package.version.clone(),
            description: or(&self.description, &package.description).unwrap_or_default(),
            license: or(&self.license, &package.license),
            homepage: or(&self.homepage, &package.homepage),
            authors: self.authors.clone().unwrap_or_else(|| package.authors.clone()),
            worlds: if self.worlds.is_empty() { exported.collect() } else { self.worlds.clone() },
            capabilities: self.capabilities.clone(),
            host: Host { min: self.host.min.clone().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()) },
        };
        let mut problems = Problems::default();
        problems.identity(&manifest);
        problems.texts(&manifest);
        problems.worlds(&manifest, component);
        problems.capabilities(&manifest);
        if problems.0.is_empty() { Ok(manifest) } else { Err(problems.0) }
    }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into(), hint: hint.into() });
    }

    fn identity(&mut self, manifest: &Manifest) {
        if !is_id(&manifest.id) {
            let message = format!("{:?} is not an id", manifest.id);
            self.add("id", message, "lower-case letters, digits and hyphens, a letter first, at most 64");
        }
        if let Err(error) = Version::parse(&manifest.host.min) {
            self.add("host.min", format!("{:?}: {error}", manifest.host.min), "a release, like 0.1.0");
        }
    }

    fn texts(&mut self, manifest: &Manifest) {
        if manifest.description.trim().is_empty() {
            self.add("description", "is missing", "one sentence that says what the plugin is for");
        }
        let texts = [
            ("name", Some(&manifest.name)),
            ("description", Some(&manifest.description)),
            ("license", manifest.license.as_ref()),
            ("homepage", manifest.homepage.as_ref()),
        ];
        let authors = manifest.authors.iter().map(|author| ("authors", Some(author)));
        for (field, text) in texts.into_iter().chain(authors) {
            if text.is_some_and(|text| text.chars().count() > TEXT || text.chars().any(char::is_control)) {
                self.add(field, format!("is longer than {TEXT} characters or not one line"), "shorten it");
            }
        }
        if manifest.homepage.as_ref().is_some_and(|page| !page.starts_with("https://")) {
            self.add("homepage", "does not begin with https://", "give the full address of a page");
        }
        if manifest.authors.len() > AUTHORS {
            self.add("authors", format!("has more than {AUTHORS}"), "name the maintainers");
        }
    }

    fn worlds(&mut self, manifest: &Manifest, component: &Interface) {
        if manifest.worlds.is_empty() {
            let hint = "export one with a macro of the SDK, for instance export_node_types!";
            self.add("worlds", "the component exports none", hint);
        }
        for (name, version) in &manifest.worlds {
            let field = format!("worlds.{name}");
            match component.packages().find(|(package, _)| package == name) {
                Some((_, exported)) if exported == version => {}
                Some((_, exported)) => {
                    let message = format!("is {version}, and the component exports {exported}");
                    self.add(field, message, format!("write {exported:?}"));
                }
                None => self.add(field, "the component does not export it", "remove it, or export it"),
            }
        }
        for (name, version) in component.packages() {
            if !manifest.worlds.contains_key(name) {
                let hint = format!("add {name:?} = {version:?}");
                self.add("worlds", format!("lacks {name}, which the component exports"), hint);
            }
        }
    }

    fn capabilities(&mut self, manifest: &Manifest) {
        for capability in &manifest.capabilities {
            if !CAPABILITIES.contains(&capability.as_str()) {
                let hint = format!("one of {}", CAPABILITIES.join(", "));
                self.add("capabilities", format!("{capability:?} is unknown"), hint);
            }
        }
    }
}

/// Whether a text may be a plugin's id, and the name of a project.
pub(crate) fn is_id(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= ID
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(inner)
        && !text.ends_with('-')
        && !text.contains("--")
}
