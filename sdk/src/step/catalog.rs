//! What a plugin says about itself and its steps (`list-steps`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Parameters, Plugin};

/// The answer to `list-steps`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// Who the plugin is.
    pub plugin: Plugin,
    /// Its steps, in the order a user sees.
    pub steps: Vec<Descriptor>,
}

/// Everything static about a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// What `step` of a request holds; unique in the plugin.
    pub name: String,
    /// For people.
    pub title: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Groups the palette: `data`, `http`, `kubernetes`, `logic` or the plugin's own.
    #[serde(default)]
    pub category: String,
    /// A name from the UI's icon set.
    #[serde(default)]
    pub icon: String,
    /// Semantic version of the step.
    #[serde(default)]
    pub version: String,
    /// JSON Schema of what is filled in once, when the flow is drawn; properties in display order.
    #[serde(default)]
    pub parameters: Value,
    /// What flows in, in display order.
    #[serde(default)]
    pub inputs: Vec<Port>,
    /// What flows out, in display order.
    #[serde(default)]
    pub outputs: Vec<Port>,
    /// Names of the exits by which execution goes on; empty for a step with the one exit that has no name.
    #[serde(default)]
    pub exec: Vec<String>,
    /// Every kind of effect it may ask for. The host refuses any other.
    #[serde(default)]
    pub effects: Vec<EffectKind>,
}

/// A value that flows into a step or out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Unique among the step's inputs, or among its outputs.
    pub name: String,
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: PortType,
    /// Of an input: the step can't run without it.
    #[serde(default)]
    pub required: bool,
    /// Of an input: what holds when nothing flows in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// One sentence.
    #[serde(default)]
    pub description: String,
}

/// What values a port takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PortType {
    /// Any JSON value.
    Any,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text.
    String,
    /// An object.
    Object,
    /// A list.
    Array,
    /// Bytes, as base64.
    Bytes,
}

/// What a step may ask the host to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectKind {
    /// A request over HTTP.
    Http,
    /// A request to the API server of the flow's cluster.
    Kubernetes,
}

impl Descriptor {
    /// A step of that name and title; all else empty, category `data`, version `1.0.0`.
    pub fn new(name: &str, title: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            category: "data".to_owned(),
            icon: String::new(),
            version: "1.0.0".to_owned(),
            parameters: Parameters::new().into_schema(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            exec: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// The sentence under the title.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }

    /// Where the palette shows it: category and icon name.
    #[must_use]
    pub fn palette(mut self, category: &str, icon: &str) -> Self {
        category.clone_into(&mut self.category);
        icon.clone_into(&mut self.icon);
        self
    }

    /// What is filled in when the flow is drawn.
    #[must_use]
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.parameters = parameters.into_schema();
        self
    }

    /// One more input.
    #[must_use]
    pub fn input(mut self, port: Port) -> Self {
        self.inputs.push(port);
        self
    }

    /// One more output.
    #[must_use]
    pub fn output(mut self, port: Port) -> Self {
        self.outputs.push(port);
        self
    }

    /// The exits by which execution goes on.
    #[must_use]
    pub fn exits(mut self, names: &[&str]) -> Self {
        self.exec = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The effects it may ask for.
    #[must_use]
    pub fn effects(mut self, kinds: &[EffectKind]) -> Self {
        self.effects = kinds.to_vec();
        self
    }
}

impl Port {
    /// A port of that name and type, not required.
    pub fn new(name: &str, kind: PortType) -> Self {
        Self { name: name.to_owned(), kind, required: false, default: None, description: String::new() }
    }

    /// Must have a value.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// What holds when nothing flows in.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// The sentence beside the port.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }
}
