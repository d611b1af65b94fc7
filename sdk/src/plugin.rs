//! Who a plugin is.

use serde::{Deserialize, Serialize};

/// Who a plugin is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    /// Unique among plugins: lower case, hyphens.
    pub id: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
}

/// Who a plugin is, as constants.
#[derive(Debug, Clone, Copy)]
pub struct PluginInfo {
    /// Unique among plugins: lower case, hyphens.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Semantic version.
    pub version: &'static str,
    /// One sentence.
    pub description: &'static str,
}

impl From<PluginInfo> for Plugin {
    fn from(info: PluginInfo) -> Self {
        let PluginInfo { id, name, version, description } = info;
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            description: description.to_owned(),
        }
    }
}
