//! Who a plugin is and what it may use, as it stands in the component.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The newest form of a manifest that this crate writes and reads.
pub(crate) const FORM: u32 = 1;

/// What a plugin may ask its host for; a world that imports nothing needs none of them.
pub const CAPABILITIES: &[&str] = &["log", "tree", "effect:http", "effect:kubernetes"];

/// The section `kubeorch:plugin` of a component. It is covered by a signature of the component's bytes, which a loose
/// `plugin.toml` beside it would not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this document: 1.
    pub manifest: u32,
    /// Unique among plugins: lower case, digits, hyphens. The same as in the catalogue that the plugin answers.
    pub id: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// `Name <address>` each.
    #[serde(default)]
    pub authors: Vec<String>,
    /// WIT packages that it exports, with their versions.
    pub worlds: BTreeMap<String, String>,
    /// What it may use: some of [`CAPABILITIES`].
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The hosts that it runs on.
    pub host: Host,
}

/// The hosts that a plugin runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The oldest release of KubeOrch.
    pub min: String,
}

impl Manifest {
    /// Canonical JSON: members sorted by name, no blanks; equal manifests are equal bytes.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        value.sort_all_objects();
        serde_json::to_vec(&value)
    }

    /// Reads a section's bytes. Members that are not known are ignored.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_manifests_are_equal_bytes() {
        let manifest = Manifest {
            manifest: FORM,
            id: "quota".into(),
            name: "Quota".into(),
            version: "0.1.0".into(),
            description: "Caps namespaces.".into(),
            license: None,
            homepage: None,
            authors: vec![],
            worlds: [("kubeorch:node-types".to_owned(), "0.1.0".to_owned())].into(),
            capabilities: vec![],
            host: Host { min: "0.1.0".into() },
        };
        let expected = r#"{"authors":[],"capabilities":[],"description":"Caps namespaces.","host":{"min":"0.1.0"},"id":"quota","manifest":1,"name":"Quota","version":"0.1.0","worlds":{"kubeorch:node-types":"0.1.0"}}"#;
        let bytes = manifest.canonical().unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        let more = expected.replacen('{', r#"{"later":true,"#, 1);
        assert_eq!(Manifest::read(more.as_bytes()).unwrap(), manifest);
    }
}
