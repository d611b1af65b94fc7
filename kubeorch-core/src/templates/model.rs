//! A template and its parameters.

use serde_json::{Map, Value};

/// A node type in the palette.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// `data.templateId` of its nodes.
    pub id: String,
    /// The node type.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// Group in the palette.
    pub category: String,
    /// One or two sentences.
    pub description: String,
    /// Name in a public icon set.
    pub icon: String,
    /// Version of the type.
    pub version: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// `very-high`, `high`, `medium`, `low`.
    pub usage_frequency: String,
    /// `easy`, `medium`, `hard`.
    pub difficulty: String,
    /// What a node's data may hold, in display order.
    pub parameters: Vec<Parameter>,
    /// Data of a freshly dropped node.
    pub start: Map<String, Value>,
    /// The entry of the catalogue that it belongs to; `None` for what comes with the program.
    pub entry: Option<String>,
}

/// A member of a node's data.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The member.
    pub name: String,
    /// For people.
    pub label: String,
    /// One sentence.
    pub description: String,
    /// `string`, `number`, `boolean`, `select`, `object` or `array`; of an entry `text`, `number`, `select` or `textarea`.
    pub kind: &'static str,
    /// Whether a node must have it.
    pub required: bool,
    /// What holds without it.
    pub default: Option<Value>,
    /// The choices of a `select`.
    pub options: Vec<Choice>,
    /// The smallest number.
    pub min: Option<f64>,
    /// The largest number.
    pub max: Option<f64>,
    /// Only meaningful when another member has a certain value.
    pub depends_on: Option<DependsOn>,
}

/// A choice of a `select`.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What the data holds.
    pub value: Value,
    /// For people.
    pub label: String,
}

/// When a parameter is meaningful.
#[derive(Debug, Clone, PartialEq)]
pub struct DependsOn {
    /// The other member.
    pub field: String,
    /// Its values.
    pub values: Vec<Value>,
}
