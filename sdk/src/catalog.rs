//! What a plugin says about itself and its node types (`list-types`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Parameters, Plugin};

/// The answer to `list-types`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Who the plugin is.
    pub plugin: Plugin,
    /// Its node types, in the order a user sees.
    pub node_types: Vec<Descriptor>,
    /// What users enable or leave out as one, for instance an operator with its kinds; empty where the plugin is one thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
}

/// A part of a plugin that a user enables or leaves out as one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    /// Unique among all entries: lower case, hyphens.
    pub id: String,
    /// For people.
    pub display_name: String,
    /// One sentence.
    pub description: String,
    /// Groups the list: `database`, `networking`.
    pub category: String,
    /// Version of what the entry describes.
    pub version: String,
    /// API group of its custom resources.
    pub crd_group: String,
    /// Kinds of its custom resources.
    pub crd_kinds: Vec<String>,
    /// A name from the UI's icon set.
    pub icon: String,
}

/// Everything static about a node type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What `node.type` holds.
    pub name: String,
    /// For people.
    pub title: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Groups the palette: `core`, `networking`, `configuration`, `storage` or the plugin's own.
    #[serde(default)]
    pub category: String,
    /// A name from the UI's icon set.
    #[serde(default)]
    pub icon: String,
    /// Words to search by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// `very-high`, `high`, `medium` or `low`.
    #[serde(default)]
    pub usage_frequency: String,
    /// `easy`, `medium` or `hard`.
    #[serde(default)]
    pub difficulty: String,
    /// Semantic version of the node type.
    #[serde(default)]
    pub version: String,
    /// What `data.templateId` holds.
    #[serde(default)]
    pub template_id: String,
    /// Groups that link rules may name instead of single types (`trait:<name>`).
    #[serde(default)]
    pub traits: Vec<String>,
    /// Smaller is applied first: stores 10, services 20, workloads 30, what depends on workloads 40.
    #[serde(default)]
    pub rank: u32,
    /// Every kind this type may render, the primary one first: used for pruning and watches.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Links this type understands. Each pair of types is declared by one end only.
    #[serde(default)]
    pub links: Vec<LinkRule>,
    /// True: never pruned unless asked, because it holds what cannot be made again.
    #[serde(default)]
    pub retain: bool,
    /// `data` of a freshly dropped node; the host replaces `<n>` by a number.
    #[serde(default)]
    pub start: Value,
    /// The array of `{name}` in `data` whose values are secrets given at run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_keys: Option<String>,
    /// The array of `{name}` in `data` that run-time environment values belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_keys: Option<String>,
    /// JSON Schema of `data`, properties in display order.
    #[serde(default)]
    pub parameters: Value,
    /// The id of the [`Entry`] it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// A second way to write a node of this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
}

/// A shared `node.type` under which `data` names the node type: with `{"type": "plugin", "member": "templateId"}` a node
/// of type `plugin` is of this type when its `data.templateId` is this type's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// What `node.type` holds. No node type may have this name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The member of `data` that holds the name of the node type.
    pub member: String,
}

/// A kind of Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// Group and version, `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// False for cluster-scoped kinds.
    pub namespaced: bool,
}

/// A link that a node type understands. The direction of the edge is irrelevant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRule {
    /// What the declaring end does to the other: `selects`, `routes`, `mounts`.
    pub role: String,
    /// Node type names, or `trait:<name>` for every type that has the trait.
    pub peers: Vec<String>,
    /// One sentence.
    #[serde(default)]
    pub description: String,
}

impl Descriptor {
    /// A type of that name and title; all else empty, category `core`, version `1.0.0`, template id `core/<name>`.
    pub fn new(name: &str, title: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            category: "core".to_owned(),
            icon: String::new(),
            tags: Vec::new(),
            usage_frequency: "medium".to_owned(),
            difficulty: "medium".to_owned(),
            version: "1.0.0".to_owned(),
            template_id: format!("core/{name}"),
            traits: Vec::new(),
            rank: 0,
            kinds: Vec::new(),
            links: Vec::new(),
            retain: false,
            start: Value::Object(serde_json::Map::new()),
            secret_keys: None,
            env_keys: None,
            parameters: Parameters::new().into_schema(),
            entry: None,
            alias: None,
        }
    }

    /// The sentence under the title.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }

    /// Where the palette shows it: category, icon name, search words.
    #[must_use]
    pub fn palette(mut self, category: &str, icon: &str, tags: &[&str]) -> Self {
        category.clone_into(&mut self.category);
        icon.clone_into(&mut self.icon);
        self.tags = owned(tags);
        self
    }

    /// How often it is used and how hard it is.
    #[must_use]
    pub fn use_and_difficulty(mut self, usage: &str, difficulty: &str) -> Self {
        usage.clone_into(&mut self.usage_frequency);
        difficulty.clone_into(&mut self.difficulty);
        self
    }

    /// Traits that link rules may name.
    #[must_use]
    pub fn traits(mut self, traits: &[&str]) -> Self {
        self.traits = owned(traits);
        self
    }

    /// When it is applied; smaller is first.
    #[must_use]
    pub fn rank(mut self, rank: u32) -> Self {
        self.rank = rank;
        self
    }

    /// One more kind it renders; the first is the primary.
    #[must_use]
    pub fn kind(mut self, api_version: &str, kind: &str, namespaced: bool) -> Self {
        self.kinds.push(Kind { api_version: api_version.to_owned(), kind: kind.to_owned(), namespaced });
        self
    }

    /// One more link it understands.
    #[must_use]
    pub fn link(mut self, role: &str, peers: &[&str], description: &str) -> Self {
        let link =
            LinkRule { role: role.to_owned(), peers: owned(peers), description: description.to_owned() };
        self.links.push(link);
        self
    }

    /// Never pruned unless asked.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// `data` of a freshly dropped node.
    #[must_use]
    pub fn start(mut self, data: Value) -> Self {
        self.start = data;
        self
    }

    /// The member of `data` that names the secrets asked for at run time.
    #[must_use]
    pub fn secret_keys(mut self, member: &str) -> Self {
        self.secret_keys = Some(member.to_owned());
        self
    }

    /// The member of `data` that names the environment values asked for at run time.
    #[must_use]
    pub fn env_keys(mut self, member: &str) -> Self {
        self.env_keys = Some(member.to_owned());
        self
    }

    /// The id of the entry it belongs to.
    #[must_use]
    pub fn entry(mut self, id: &str) -> Self {
        self.entry = Some(id.to_owned());
        self
    }

    /// A shared type whose nodes name this one in a member of their data.
    #[must_use]
    pub fn alias(mut self, kind: &str, member: &str) -> Self {
        self.alias = Some(Alias { kind: kind.to_owned(), member: member.to_owned() });
        self
    }

    /// What a user may fill in.
    #[must_use]
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.parameters = parameters.into_schema();
        self
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
