//! The payloads of the `fix-template` interface (see the SDK's WIT for the authority on each member).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{NodeInput, PluginInfo};
use crate::error::Severity;
use crate::manifest::{Key, Object};

/// What a fix plugin is, what it can find and mend, and which facts it wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Who it is.
    pub plugin: PluginInfo,
    /// Every finding that it may make.
    pub findings: Vec<FindingKind>,
    /// Facts that it wants from the start.
    #[serde(default)]
    pub wants: Vec<Want>,
}

/// A sort of finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingKind {
    /// Stable, dotted and lower case.
    pub code: String,
    /// For people.
    pub title: String,
    /// Whether the node cannot get ready with it.
    pub severity: Severity,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
}

/// A sort of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Want {
    /// [`Facts::rendered`].
    Rendered,
    /// [`Facts::live`].
    Live,
    /// [`Facts::events`].
    Events,
    /// [`Facts::logs`].
    Logs,
    /// [`Facts::neighbours`].
    Neighbours,
}

/// What is known of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The node.
    pub node: NodeInput,
    /// Nodes that it is linked with.
    #[serde(default)]
    pub neighbours: Vec<Neighbour>,
    /// Its objects as they were rendered.
    #[serde(default)]
    pub rendered: Vec<Object>,
    /// Its objects, and what they made, as they are in the cluster.
    #[serde(default)]
    pub live: Vec<Object>,
    /// Events about them.
    #[serde(default)]
    pub events: Vec<Object>,
    /// The last lines of its pods.
    #[serde(default)]
    pub logs: Vec<Log>,
}

impl Facts {
    /// Every object that these facts show: the node's and its neighbours', rendered and live.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let neighbours = self.neighbours.iter().flat_map(|it| it.rendered.iter().chain(&it.live));
        self.rendered.iter().chain(&self.live).chain(neighbours)
    }
}

/// A linked node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The node.
    pub node: NodeInput,
    /// See [`Facts::rendered`].
    #[serde(default)]
    pub rendered: Vec<Object>,
    /// See [`Facts::live`].
    #[serde(default)]
    pub live: Vec<Object>,
}

/// Lines of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// The oldest first.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// Asks what is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnoseRequest {
    /// What is known.
    pub facts: Facts,
}

/// What is wrong, or which facts would tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnosis {
    /// The findings.
    pub findings: Vec<Finding>,
    /// Facts for a second round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wants: Vec<Want>,
}

/// Something wrong with a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// One of the catalog's.
    pub code: String,
    /// What is wrong, one lower-case sentence fragment.
    pub message: String,
    /// The next step.
    #[serde(default)]
    pub hint: String,
    /// Whether the node cannot get ready with it.
    pub severity: Severity,
    /// The object that it is about.
    pub subject: Key,
    /// How sure the plugin is, 0 to 100.
    #[serde(default)]
    pub confidence: u8,
    /// What it is concluded from.
    #[serde(default)]
    pub evidence: Map<String, Value>,
}

/// Asks for the form of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateRequest {
    /// What is to be mended.
    pub finding: Finding,
    /// What is known.
    pub facts: Facts,
}

/// The form that a person fills in before a finding is mended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// What would be done, for people.
    pub title: String,
    /// Why that helps.
    #[serde(default)]
    pub rationale: String,
    /// JSON Schema of the values.
    pub form: Value,
    /// What the plugin suggests.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// How much could go wrong.
    pub risk: Risk,
    /// Whether undoing the patch undoes everything.
    #[serde(default)]
    pub reversible: bool,
}

/// How much could go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing that runs is touched.
    Low,
    /// Pods may be replaced.
    Medium,
    /// Data or availability may be lost.
    High,
}

/// Asks for the patches, with the form filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplyRequest {
    /// What is to be mended.
    pub finding: Finding,
    /// What is known.
    pub facts: Facts,
    /// The filled form.
    #[serde(default)]
    pub values: Map<String, Value>,
}

/// What a plugin proposes; the host previews, asks and applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// One sentence.
    pub summary: String,
    /// A merge patch on the node's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
    /// Patches on objects.
    #[serde(default)]
    pub objects: Vec<ObjectPatch>,
    /// How to see that it helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
}

/// A patch on one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectPatch {
    /// One of the objects that the facts showed.
    pub target: Key,
    /// How the patch is written.
    #[serde(rename = "type")]
    pub kind: PatchType,
    /// An object for a merge patch, an array for a JSON patch.
    pub patch: Value,
}

/// How a patch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchType {
    /// RFC 7386.
    Merge,
    /// RFC 6902.
    Json,
}

/// How to see that a fix helped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// What to wait for, for people.
    pub wait: String,
}
