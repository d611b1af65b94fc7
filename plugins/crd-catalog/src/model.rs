//! The shape of an entry of the catalogue, as its file in `entries` has it. The build script reads the files with the
//! same types, so a file that does not fit stops the build.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An operator: what a user enables as one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entry {
    /// Unique; also the name of the file.
    pub(crate) id: String,
    /// For people.
    pub(crate) display_name: String,
    /// One sentence.
    pub(crate) description: String,
    /// Groups the list.
    pub(crate) category: String,
    /// Version that the catalogue was made for.
    pub(crate) version: String,
    /// Group under which the entry is listed; a node type may render another one.
    pub(crate) crd_group: String,
    /// Kinds that the operator brings.
    pub(crate) crd_kinds: Vec<String>,
    /// A name from the UI's icon set.
    pub(crate) icon: String,
    /// In the order a user sees.
    pub(crate) node_types: Vec<NodeType>,
}

/// A custom resource as a node type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NodeType {
    /// What `node.type` or `data.templateId` holds.
    pub(crate) name: String,
    /// For people.
    pub(crate) title: String,
    /// One sentence.
    pub(crate) description: String,
    /// Group and version that are served today, `cert-manager.io/v1`.
    pub(crate) api_version: String,
    /// Kind.
    pub(crate) kind: String,
    /// True: it lives in no namespace.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) cluster_scoped: bool,
    /// Where the facts about its schema are from.
    pub(crate) source: String,
    /// Place in the apply order; smaller comes first.
    #[serde(default = "workload_rank")]
    pub(crate) rank: u32,
    /// Never pruned unless asked, because it holds data.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) retain: bool,
    /// The namespace of a node that names none.
    #[serde(default = "default_namespace")]
    pub(crate) namespace: String,
    /// The rule for the name.
    #[serde(default = "any_name")]
    pub(crate) name_check: Rule,
    /// The object's name where the operator prescribes its form; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_name: Option<String>,
    /// What a user fills in besides name and namespace, in the order of the form.
    #[serde(default)]
    pub(crate) fields: Vec<Field>,
    /// Members of the object beside `apiVersion`, `kind` and `metadata`; a template.
    pub(crate) object: Map<String, Value>,
    /// Labels beside the usual ones; a template.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) labels: Map<String, Value>,
    /// Annotations; a template.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) annotations: Map<String, Value>,
    /// Objects that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) companions: Vec<Companion>,
    /// How its state is told.
    #[serde(default)]
    pub(crate) status: StatusRule,
}

/// An object beside the main one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Companion {
    /// Group and version.
    pub(crate) api_version: String,
    /// Kind.
    pub(crate) kind: String,
    /// Its name; a template.
    pub(crate) name: String,
    /// Labels beside the usual ones; a template.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) labels: Map<String, Value>,
    /// Rendered only when this field is zero or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unless: Option<String>,
    /// Members beside `apiVersion`, `kind` and `metadata`; a template.
    pub(crate) object: Map<String, Value>,
}

/// One field of the form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Field {
    /// The member of `data`.
    pub(crate) id: String,
    /// For people.
    pub(crate) title: String,
    /// The sentence under the field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    /// What it holds.
    #[serde(default)]
    pub(crate) holds: Holds,
    /// Must be given.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) required: bool,
    /// What holds when it is absent.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) default: Value,
    /// A good value other than the default: shown in an empty field, filled in by the tests.
    pub(crate) example: Value,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<String>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<i64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<i64>,
    /// The rule that a text, or each text of a list, must pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<Rule>,
    /// Taken from a linked node when the field is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Origin>,
}

/// What a field holds, and what the template gets of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Holds {
    /// A text.
    #[default]
    Text,
    /// A whole number.
    Number,
    /// One of the options.
    Choice,
    /// One of the options `true` and `false`; the template gets a boolean.
    Flag,
    /// Texts separated by commas, or a list; the template gets a list.
    List,
    /// Labels as `app=web,tier=front`, or an object; the template gets an object.
    Labels,
    /// A quantity of bytes, `10Gi`; the template gets the number of bytes as a text.
    Bytes,
}

/// The rules that a text may have to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Rule {
    /// A name of an object: RFC 1123 subdomain.
    Name,
    /// A namespace: RFC 1123 label.
    Label,
    /// A quantity above zero.
    Quantity,
    /// An image reference.
    Image,
    /// A host name, perhaps with `*.` before it.
    Host,
    /// Five fields of cron, or `@daily`.
    Cron,
    /// A number with a unit of time, `30s`, perhaps several: `1h30m`.
    Duration,
    /// An address with a scheme. Templates also get its host, as the field's name with `Host` after it.
    Url,
    /// An address of a person.
    Email,
    /// A label as `key=value`.
    LabelPair,
    /// `1.2.3`, perhaps with something after it.
    Version,
}

/// A fact of a linked node that fills an absent field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Origin {
    /// Node type names, or `trait:<name>`.
    pub(crate) peers: Vec<String>,
    /// The fact, `name` for instance.
    pub(crate) fact: String,
}

/// How the state of a live object is told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct StatusRule {
    /// True: the operator reports nothing, so being there is all there is to tell.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) silent: bool,
    /// Conditions of which one that is true means ready, the first that is there decides. Empty: `Ready`, `Available`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ready: Vec<String>,
    /// Conditions of which one that is true means failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failed: Vec<String>,
    /// True: a ready condition that is false is an end, as Knative uses it; else it is a way.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) false_fails: bool,
    /// Where the operator writes one word for the state; asked where no condition decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<PhaseRule>,
    /// True: it ends; `completed` and `failed` instead of `healthy` and `error`.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) ends: bool,
    /// What else clients see: member to path in the object.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) members: Map<String, Value>,
}

/// One word for a state. What is not listed is on its way.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct PhaseRule {
    /// Dotted path in the object, `status.phase`.
    pub(crate) path: String,
    /// Words that mean ready.
    pub(crate) ready: Vec<String>,
    /// Words that mean failed.
    pub(crate) failed: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// As the workloads of the core types, so that what they depend on is there first.
fn workload_rank() -> u32 {
    30
}

fn any_name() -> Rule {
    Rule::Name
}

fn default_namespace() -> String {
    "default".to_owned()
}
