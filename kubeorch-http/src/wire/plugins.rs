//! Plugins (contract 2.11, 3.11), and what admins see of them beyond it.

use kubeorch_core::plugin::Usage as CoreUsage;
use kubeorch_core::plugins as core;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::graph::all;
use crate::extract::Input;

/// An entry of the catalogue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plugin {
    id: String,
    /// The same as `id`.
    name: String,
    display_name: String,
    description: String,
    category: String,
    version: String,
    crd_group: String,
    crd_kinds: Vec<String>,
    /// Name in a public icon set.
    icon: String,
    node_types: Vec<NodeType>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<core::Listed> for Plugin {
    fn from(listed: core::Listed) -> Self {
        let entry = listed.entry;
        Self {
            name: entry.id.clone(),
            id: entry.id,
            display_name: entry.display_name,
            description: entry.description,
            category: entry.category,
            version: entry.version,
            crd_group: entry.crd_group,
            crd_kinds: entry.crd_kinds,
            icon: entry.icon,
            node_types: all(listed.node_types),
            created_at: listed.created_at.into(),
            updated_at: listed.updated_at.into(),
        }
    }
}

/// A node type of an entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginNodeType)]
pub(crate) struct NodeType {
    name: String,
    display_name: String,
    description: String,
    category: String,
    fields: Vec<Field>,
}

impl From<core::ListedType> for NodeType {
    fn from(listed: core::ListedType) -> Self {
        Self {
            name: listed.name,
            display_name: listed.display_name,
            description: listed.description,
            category: listed.category,
            fields: all(listed.fields),
        }
    }
}

/// A member of a node's data.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PluginField)]
pub(crate) struct Field {
    id: String,
    label: String,
    /// `text`, `number`, `select` or `textarea`.
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<String>,
}

impl From<core::Field> for Field {
    fn from(field: core::Field) -> Self {
        Self {
            id: field.id,
            label: field.label,
            kind: field.kind,
            required: field.required,
            default: field.default,
            options: field.options,
            placeholder: field.placeholder,
        }
    }
}

/// An entry, and whether the caller enabled it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChosenPlugin {
    #[serde(flatten)]
    plugin: Plugin,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled_at: Option<Timestamp>,
}

impl From<core::Listed> for ChosenPlugin {
    fn from(listed: core::Listed) -> Self {
        let enabled_at = listed.enabled_at.map(Into::into);
        Self { enabled: enabled_at.is_some(), enabled_at, plugin: listed.into() }
    }
}

/// The catalogue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PluginList)]
pub(crate) struct List {
    pub(crate) plugins: Vec<ChosenPlugin>,
}

/// What the caller enabled.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EnabledPlugins)]
pub(crate) struct Enabled {
    pub(crate) plugins: Vec<Plugin>,
}

/// The categories of the catalogue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PluginCategories)]
pub(crate) struct Categories {
    /// Sorted.
    pub(crate) categories: Vec<String>,
}

/// One entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OnePlugin)]
pub(crate) struct One {
    plugin: Plugin,
    /// Whether the caller enabled it.
    enabled: bool,
}

impl From<core::Listed> for One {
    fn from(listed: core::Listed) -> Self {
        Self { enabled: listed.enabled_at.is_some(), plugin: listed.into() }
    }
}

/// A plugin as an admin sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ManagedPlugin)]
pub(crate) struct Managed {
    id: String,
    origin: Origin,
    state: State,
    /// Why it is not served.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The version in use; absent for a file that never told.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Release>,
    /// What a rollback can return to, the newest first.
    previous: Vec<Release>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// The last change that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// How a plugin came here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = PluginOrigin)]
pub(crate) enum Origin {
    BuiltIn,
    Installed,
    Directory,
}

/// Whether a plugin is served.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PluginState)]
pub(crate) enum State {
    Serving,
    Disabled,
    Failed,
}

impl From<core::View> for Managed {
    fn from(view: core::View) -> Self {
        let origin = match view.origin {
            core::Origin::BuiltIn => Origin::BuiltIn,
            core::Origin::Installed => Origin::Installed,
            core::Origin::Directory => Origin::Directory,
        };
        let (state, error) = match view.state {
            core::State::Serving => (State::Serving, None),
            core::State::Disabled => (State::Disabled, None),
            core::State::Failed(reason) => (State::Failed, Some(reason)),
        };
        Self {
            id: view.id,
            origin,
            state,
            error,
            release: view.release.map(Into::into),
            previous: all(view.previous),
            installed_at: view.installed_at.map(Into::into),
            updated_at: view.updated_at.map(Into::into),
            failure: view.failure.map(Into::into),
            usage: view.usage.map(Into::into),
        }
    }
}

/// A version of a plugin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginRelease)]
pub(crate) struct Release {
    version: String,
    name: String,
    description: String,
    sha256: String,
    /// Bytes of the component; absent, like source and signer, for what nobody installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The id of the minisign key that signed it; absent for what was taken unsigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
    /// What it may use.
    capabilities: Vec<String>,
    node_types: Vec<String>,
    /// The account that installed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    installed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installed_at: Option<Timestamp>,
}

impl From<core::Release> for Release {
    fn from(release: core::Release) -> Self {
        let installed = release.size > 0;
        Self {
            version: release.version,
            name: release.name,
            description: release.description,
            sha256: release.sha256,
            size: installed.then_some(release.size),
            source: Some(release.source).filter(|source| !source.is_empty()),
            signer: release.signer,
            capabilities: release.capabilities,
            node_types: release.node_types,
            installed_by: release.installed_by.map(|user| user.to_string()),
            installed_at: installed.then(|| release.installed_at.into()),
        }
    }
}

/// A change that was refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PluginFailure)]
pub(crate) struct Failure {
    at: Timestamp,
    source: String,
    reason: String,
}

impl From<core::Failure> for Failure {
    fn from(failure: core::Failure) -> Self {
        Self { at: failure.at.into(), source: failure.source, reason: failure.reason }
    }
}

/// What a plugin has done since it was loaded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginUsage)]
pub(crate) struct Usage {
    calls: u64,
    /// Calls that trapped, passed a limit or broke the contract.
    faults: u64,
    /// Failed calls since the last good one.
    failing: u64,
    memo_hits: u64,
    /// Time inside calls.
    millis: u64,
}

impl From<CoreUsage> for Usage {
    fn from(usage: CoreUsage) -> Self {
        Self {
            calls: usage.calls,
            faults: usage.faults,
            failing: usage.failing,
            memo_hits: usage.hits,
            millis: u64::try_from(usage.time.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// All plugins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ManagedPlugins)]
pub(crate) struct ManagedList {
    pub(crate) plugins: Vec<Managed>,
}

/// One plugin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OneManagedPlugin)]
pub(crate) struct OneManaged {
    pub(crate) plugin: Managed,
}

/// A plugin that was changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ChangedPlugin)]
pub(crate) struct Changed {
    message: &'static str,
    plugin: Managed,
}

impl Changed {
    pub(crate) fn new(message: &'static str, view: core::View) -> Self {
        Self { message, plugin: view.into() }
    }
}

/// Who uses a plugin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginUses)]
pub(crate) struct Uses {
    used_by: Vec<Use>,
}

impl From<Vec<core::Use>> for Uses {
    fn from(uses: Vec<core::Use>) -> Self {
        Self { used_by: all(uses) }
    }
}

/// A workflow that needs a plugin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginUse)]
pub(crate) struct Use {
    workflow: String,
    name: String,
    /// Whether what a run deployed needs it; else the graph as it is drawn.
    deployed: bool,
    node_types: Vec<String>,
}

impl From<core::Use> for Use {
    fn from(it: core::Use) -> Self {
        Self {
            workflow: it.workflow.to_string(),
            name: it.name,
            deployed: it.deployed,
            node_types: it.node_types,
        }
    }
}

/// A component that lies elsewhere.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = PluginSource)]
pub(crate) struct Remote {
    /// `https://…`, which needs `sha256`, or `oci://registry/repository:tag`.
    source: String,
    /// SHA-256 that the component must have, in hex.
    sha256: Option<String>,
    /// The text of a minisign signature; without it the one beside the source counts.
    signature: Option<String>,
}

impl Input for Remote {}

impl From<Remote> for core::Package {
    fn from(body: Remote) -> Self {
        Self {
            source: core::Source::Remote(body.source),
            sha256: body.sha256.filter(|text| !text.is_empty()),
            signature: body.signature.filter(|text| !text.is_empty()),
        }
    }
}

/// Which version to go back to.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = PluginRollback)]
pub(crate) struct Rollback {
    /// One that is kept; default: the one before.
    pub(crate) version: Option<String>,
}

impl Input for Rollback {}
