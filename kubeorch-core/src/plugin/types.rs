//! The payloads of the `node-types` interface (see the SDK's WIT for the authority on each member).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Finding;
use crate::graph::Edge;
use crate::manifest::{Kind, Object};

/// Everything a plugin brings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Who it is.
    pub plugin: PluginInfo,
    /// Its node types.
    pub node_types: Vec<NodeType>,
    /// What users enable or leave out as one; empty where the plugin is one thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
}

/// A part of a plugin that a user enables or leaves out as one, for instance an operator with its kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    /// Unique among all entries.
    pub id: String,
    /// For people.
    pub display_name: String,
    /// One sentence.
    pub description: String,
    /// Group in the list.
    pub category: String,
    /// Version of what the entry describes.
    pub version: String,
    /// API group of its custom resources.
    pub crd_group: String,
    /// Kinds of its custom resources.
    pub crd_kinds: Vec<String>,
    /// Name in a public icon set.
    pub icon: String,
}

/// A plugin's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginInfo {
    /// Short lower-case word.
    pub id: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
}

/// A node type: parameters, presentation, link rules, place in the order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeType {
    /// What `type` of a node holds.
    pub name: String,
    /// The plugin that brings it; set by the host.
    pub plugin: String,
    /// For people.
    pub title: String,
    /// One or two sentences.
    pub description: String,
    /// Group in the palette.
    pub category: String,
    /// Name in a public icon set.
    pub icon: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// `very-high`, `high`, `medium`, `low`.
    pub usage_frequency: String,
    /// `easy`, `medium`, `hard`.
    pub difficulty: String,
    /// Version of the type.
    pub version: String,
    /// `data.templateId` of its nodes.
    pub template_id: String,
    /// Groups that link rules may name as `trait:<name>`.
    pub traits: Vec<String>,
    /// Place in the apply order; smaller comes first.
    pub rank: i32,
    /// Every kind that it may render, the main one first.
    pub kinds: Vec<KindInfo>,
    /// Which neighbours it takes data from or gives data to.
    pub links: Vec<LinkRule>,
    /// Never pruned unless somebody asks.
    pub retain: bool,
    /// Data of a freshly dropped node.
    pub start: Map<String, Value>,
    /// The array in data that names run-time secret values.
    pub secret_keys: Option<String>,
    /// The array in data that names run-time environment values.
    pub env_keys: Option<String>,
    /// JSON Schema of the data, properties in display order.
    pub parameters: Value,
    /// The id of the [`Entry`] it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// A second way to write a node of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
}

/// A shared type of nodes whose data names their node type. A node that is written so is treated as one of the node type
/// everywhere but in the stored graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// What `type` of the node holds. No node type may have this name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The member of data that holds the name of the node type.
    pub member: String,
}

impl Default for NodeType {
    fn default() -> Self {
        Self {
            name: String::new(),
            plugin: String::new(),
            title: String::new(),
            description: String::new(),
            category: "core".into(),
            icon: String::new(),
            tags: Vec::new(),
            usage_frequency: "medium".into(),
            difficulty: "medium".into(),
            version: "1.0.0".into(),
            template_id: String::new(),
            traits: Vec::new(),
            rank: 50,
            kinds: Vec::new(),
            links: Vec::new(),
            retain: false,
            start: Map::new(),
            secret_keys: None,
            env_keys: None,
            parameters: Value::Null,
            entry: None,
            alias: None,
        }
    }
}

/// A kind that a node type may render.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KindInfo {
    /// The kind.
    #[serde(flatten)]
    pub kind: Kind,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
}

/// A meaning that an edge between two types has, whatever its direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkRule {
    /// What the link does, for instance `selects`.
    pub role: String,
    /// Type names, or `trait:<name>`.
    pub peers: Vec<String>,
    /// One sentence.
    #[serde(default)]
    pub description: String,
}

/// A node as a plugin sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeInput {
    /// The node's id.
    pub id: String,
    /// The node type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data.
    pub data: Map<String, Value>,
}

/// What a node tells its neighbours.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// The object's name.
    pub name: String,
    /// The object's namespace.
    pub namespace: String,
    /// Node ids that the data itself points at; the host makes links of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which way the edge runs, seen from the node that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The node is the source.
    Out,
    /// The node is the target.
    In,
    /// No edge: one node's data names the other.
    Reference,
}

/// A neighbour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The role of the rule that matched; `None` when the pair has no meaning of its own.
    pub role: Option<String>,
    /// `self` or `peer`: whose type declares the rule.
    pub declared_by: Option<String>,
    /// The edge, unless the link comes from a reference.
    pub edge: Option<Edge>,
    /// Which way it runs.
    pub direction: Direction,
    /// The other end.
    pub peer: Peer,
}

/// The other end of a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Node id.
    pub id: String,
    /// Node type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Groups of its type.
    pub traits: Vec<String>,
    /// What it tells.
    pub facts: Facts,
}

/// A node with everything its rendering depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderRequest {
    /// The node.
    pub node: NodeInput,
    /// Its neighbours, sorted by peer id, then edge id.
    pub links: Vec<Link>,
}

/// What a node becomes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rendered {
    /// The objects.
    pub objects: Vec<Out>,
    /// What else to watch for the node's status.
    pub observe: Vec<Observe>,
    /// What was filled in from neighbours, for the run log.
    pub notes: Vec<String>,
    /// Remarks.
    pub findings: Vec<Finding>,
}

/// One rendered object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Out {
    /// The object; `$runtime` leaves are filled at apply time.
    pub object: Object,
    /// Left out when another node renders the same object.
    #[serde(default)]
    pub if_absent: bool,
}

/// Objects that tell of a node without being its own, for instance a Deployment's pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observe {
    /// Their kind.
    #[serde(flatten)]
    pub kind: Kind,
    /// Their namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Label selector, as kubectl writes it.
    pub label_selector: String,
}

/// Asks what live objects say about a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusRequest {
    /// The node.
    pub node: NodeInput,
    /// The node's own objects as they are in the cluster; a missing one is left out.
    pub objects: Vec<Object>,
    /// Live objects of [`Rendered::observe`].
    pub observed: Vec<Object>,
    /// The objects as they were rendered.
    pub desired: Vec<Object>,
}

/// What the engine does with a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing has happened yet.
    Pending,
    /// On its way.
    Progressing,
    /// As desired.
    Ready,
    /// Will not get ready by itself.
    Failed,
}

/// A node's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// What the engine acts on.
    pub phase: Phase,
    /// A word for why, for instance `ImagePullBackOff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The object that it comes from, `Pod/web-abc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What clients see (contract 1.13 and 5.8).
    pub status: Map<String, Value>,
}

impl Status {
    /// The `message` member.
    pub fn message(&self) -> &str {
        self.status.get("message").and_then(Value::as_str).unwrap_or_default()
    }
}
