//! Where an analyzer has something to say (`describe`, `detect`).

use serde::{Deserialize, Serialize};

use crate::Plugin;

/// The answer to `describe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Who the plugin is.
    pub plugin: Plugin,
    /// Patterns of the files it cares about; the host asks it about no tree that has none of them.
    pub files: Vec<String>,
}

/// The request of `detect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectRequest {}

/// The answer to `detect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// The places, in the order of their paths.
    #[serde(default)]
    pub places: Vec<Place>,
}

/// A part of the tree that is one thing to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its folder; empty for the root of the tree.
    #[serde(default)]
    pub root: String,
    /// What is there, in the analyzer's own words: `procfile`, `compose`.
    pub kind: String,
    /// 0 to 100: how sure it is that this is one.
    #[serde(default)]
    pub confidence: u8,
    /// What gives it away, one lower-case sentence fragment.
    #[serde(default)]
    pub reason: String,
}

impl Place {
    /// The folder that a file is in.
    pub fn of(file: &str, kind: &str, confidence: u8, reason: impl Into<String>) -> Self {
        let root = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        Self { root: root.to_owned(), kind: kind.to_owned(), confidence, reason: reason.into() }
    }

    /// The path of a file of that name in the place.
    pub fn path(&self, name: &str) -> String {
        if self.root.is_empty() { name.to_owned() } else { format!("{}/{name}", self.root) }
    }
}
