//! What to do about it (`template`, `apply`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Facts, Finding, Subject};

/// The request of `template`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateRequest {
    /// A finding of this plugin, as it made it.
    pub finding: Finding,
    /// The facts it was made from.
    pub facts: Facts,
}

/// The answer to `template`: what a person decides before anything changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// What will be done, for people.
    pub title: String,
    /// Why that would mend it.
    #[serde(default)]
    pub rationale: String,
    /// JSON Schema of the form; an object without properties when there is nothing to decide.
    pub form: Value,
    /// What the plugin suggests to fill in.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// What it could break.
    pub risk: Risk,
    /// Whether the change can be taken back without loss.
    #[serde(default)]
    pub reversible: bool,
}

/// What a change could break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing that works now.
    Low,
    /// Something restarts or moves.
    Medium,
    /// Data or traffic may be lost.
    High,
}

/// The request of `apply`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplyRequest {
    /// A finding of this plugin, as it made it.
    pub finding: Finding,
    /// The facts it was made from.
    pub facts: Facts,
    /// The filled form.
    #[serde(default)]
    pub values: Map<String, Value>,
}

/// The answer to `apply`: what to change. Nothing has happened yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// What will be done, one lower-case sentence fragment.
    pub summary: String,
    /// JSON merge patch (RFC 7396) on the node's data; the way to prefer, since the next run keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Patches on objects of the node, for what its data can't say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectPatch>,
    /// How the host sees that it helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
}

/// A patch on an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectPatch {
    /// The object; one of those in the facts.
    pub target: Subject,
    /// The form of the patch.
    #[serde(rename = "type")]
    pub kind: PatchType,
    /// The patch.
    pub patch: Value,
}

/// The form of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchType {
    /// RFC 7396.
    Merge,
    /// RFC 6902.
    Json,
}

/// How the host sees that it helped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// What to wait for, one lower-case sentence fragment: `the service web has an endpoint`.
    pub wait: String,
}
