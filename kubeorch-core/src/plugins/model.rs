//! Installed plugins as they are stored, and as an admin sees them.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::plugin::{Alias, Usage};
use crate::time::Time;

/// Versions that are kept for a rollback, the one in use not counted.
pub const KEPT: usize = 3;

/// The most plugins of one installation: each costs memory while it is served.
pub const MAX_INSTALLED: usize = 64;

/// An installed plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    /// Identity; the plugin's own word.
    pub id: String,
    /// What is in use.
    pub current: Release,
    /// What was in use before, the newest first; at most [`KEPT`].
    pub previous: Vec<Release>,
    /// Whether it is served.
    pub enabled: bool,
    /// When it was first installed.
    pub installed_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The last change that was refused after the component was read; gone with the next that succeeds.
    pub failure: Option<Failure>,
}

/// One version of a plugin, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Semantic version.
    pub version: String,
    /// SHA-256 of the component, in lower-case hex.
    pub sha256: String,
    /// Bytes of the component.
    pub size: u64,
    /// For people.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// `upload:<name>`, `file:<path>`, `https://…` or `oci://…`.
    pub source: String,
    /// The id of the key that signed it; `None` for what was taken unsigned.
    pub signer: Option<String>,
    /// What it may use.
    pub capabilities: Vec<String>,
    /// The node types that it brings.
    pub node_types: Vec<String>,
    /// Other ways to write its nodes.
    pub aliases: Vec<Alias>,
    /// Who installed it; `None` for the engine itself.
    pub installed_by: Option<UserId>,
    /// When.
    pub installed_at: Time,
}

/// A change that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// When.
    pub at: Time,
    /// What was to be used.
    pub source: String,
    /// Why not.
    pub reason: String,
}

/// A user's decision about an entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choice {
    /// Whose.
    pub(super) user: UserId,
    /// The entry.
    pub(super) entry: String,
    /// Since when it is enabled; `None` once it was disabled.
    pub(super) enabled_at: Option<Time>,
}

/// When an entry of the catalogue first appeared and last changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seed {
    /// The entry.
    pub(super) entry: String,
    /// SHA-256 of what it says.
    pub(super) digest: String,
    /// First seen.
    pub(super) created_at: Time,
    /// Last changed.
    pub(super) updated_at: Time,
}

/// How a plugin came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With the program.
    BuiltIn,
    /// An admin installed it.
    Installed,
    /// From the directory of plugins under development.
    Directory,
}

/// Whether a plugin is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its node types can be used.
    Serving,
    /// An admin switched it off.
    Disabled,
    /// It could not be loaded, and why.
    Failed(String),
}

/// A plugin as an admin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Identity; the name of the file for one that never told its id.
    pub id: String,
    /// How it came here.
    pub origin: Origin,
    /// Whether it is served.
    pub state: State,
    /// What is in use. Of a built-in one only what the component says is known.
    pub release: Option<Release>,
    /// What a rollback can return to, the newest first.
    pub previous: Vec<Release>,
    /// When it was first installed.
    pub installed_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Option<Time>,
    /// The last change that was refused.
    pub failure: Option<Failure>,
    /// What it has done since it was loaded, while it is served.
    pub usage: Option<Usage>,
}

/// A workflow that needs a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// Its id.
    pub workflow: crate::id::WorkflowId,
    /// Its name.
    pub name: String,
    /// Whether it is what a run deployed that needs it; else the graph as it is drawn.
    pub deployed: bool,
    /// The plugin's node types that it uses, sorted.
    pub node_types: Vec<String>,
}
