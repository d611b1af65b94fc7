//! A manifest as data; what writes one serialises this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a component says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of this form; 1.
    pub manifest: u32,
    /// Short lower-case word; the same that the component's catalogs name.
    pub id: String,
    /// For people.
    pub name: String,
    /// Semantic version of the plugin.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Where people find more, `https://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<String>,
    /// The worlds that it implements and the version of each, for instance `kubeorch:node-types` and `0.1.0`.
    pub worlds: BTreeMap<String, String>,
    /// What it wants to use: `log`, `tree`, `effect:http`, `effect:kubernetes`. Nothing else is given.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Hosts that it runs on.
    #[serde(default)]
    pub host: HostRange,
}

/// Versions of KubeOrch that a plugin runs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostRange {
    /// The oldest; empty for any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub min: String,
}
