//! The payloads of the `step` interface (see the SDK's WIT for the authority on each member).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PluginInfo;

/// Everything a step plugin brings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Catalog {
    /// Who it is.
    pub plugin: PluginInfo,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step that a flow node can be: parameters, ports, ways out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// What a flow node names.
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
    /// Version of the step.
    pub version: String,
    /// JSON Schema of its parameters.
    pub parameters: Value,
    /// Data that it takes.
    pub inputs: Vec<Port>,
    /// Data that it gives.
    pub outputs: Vec<Port>,
    /// Execution ports that it may leave by; empty for the single unnamed one.
    pub exec: Vec<String>,
    /// What it may ask the host to do.
    pub effects: Vec<EffectKind>,
}

/// A place where data enters or leaves a step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    /// Unique among the inputs, or the outputs, of its step.
    pub name: String,
    /// What may pass.
    #[serde(rename = "type")]
    pub kind: PortType,
    /// Whether the step cannot do without.
    pub required: bool,
    /// What stands in when nothing comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// One sentence.
    pub description: String,
}

/// What may pass a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PortType {
    /// Any JSON.
    #[default]
    Any,
    /// `true` or `false`.
    Boolean,
    /// A number without a fraction.
    Integer,
    /// A number.
    Number,
    /// A text.
    String,
    /// A JSON object.
    Object,
    /// A JSON array.
    Array,
    /// Bytes, as a text in base64.
    Bytes,
}

impl PortType {
    /// Whether a value may pass.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::String | Self::Bytes => value.is_string(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
        }
    }
}

/// What a step may ask the host to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectKind {
    /// An HTTP request.
    Http,
    /// A request to the cluster of the flow.
    Kubernetes,
}

impl EffectKind {
    /// What a manifest asks for so that its steps may ask for this.
    pub fn capability(self) -> &'static str {
        match self {
            Self::Http => "effect:http",
            Self::Kubernetes => "effect:kubernetes",
        }
    }
}

/// Runs a step, or goes on with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The step's name.
    pub step: String,
    /// What the flow's author filled in.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// Data at the input ports.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// Where it goes on, after its effects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// The state that a step left, and what became of its effects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// As the step left it.
    pub state: Value,
    /// One for each effect.
    pub results: Vec<EffectResult>,
}

/// What became of an effect: a value or an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectResult {
    /// The effect's id.
    pub id: String,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Why nothing came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
}

/// An error of the step itself, which a flow can route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// Stable, dotted and lower case.
    pub code: String,
    /// One lower-case sentence fragment.
    pub message: String,
    /// The parameter or input that it is about, `inputs.url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Something that the host does for a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Unique among the effects of one response.
    pub id: String,
    /// What sort of thing.
    pub kind: EffectKind,
    /// The details, as the kind wants them.
    #[serde(default)]
    pub request: Value,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Wire")]
pub enum Response {
    /// It has ended well.
    Done {
        /// Data at the output ports.
        outputs: Map<String, Value>,
        /// The execution port to leave by.
        #[serde(skip_serializing_if = "Option::is_none")]
        exit: Option<String>,
    },
    /// It wants something done, and to be called again.
    Effects {
        /// What.
        effects: Vec<Effect>,
        /// What it wants to find again.
        state: Value,
    },
    /// It has ended in an error.
    Failed {
        /// Which.
        error: StepError,
    },
}

/// All members of a response; an untagged enum would only say that nothing fits.
#[derive(Deserialize)]
struct Wire {
    outputs: Option<Map<String, Value>>,
    exit: Option<String>,
    effects: Option<Vec<Effect>>,
    #[serde(default)]
    state: Value,
    error: Option<StepError>,
}

impl TryFrom<Wire> for Response {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        match wire {
            Wire { error: Some(error), outputs: None, effects: None, .. } => Ok(Self::Failed { error }),
            Wire { effects: Some(effects), outputs: None, error: None, state, .. } => {
                Ok(Self::Effects { effects, state })
            }
            Wire { outputs: Some(outputs), effects: None, error: None, exit, .. } => {
                Ok(Self::Done { outputs, exit })
            }
            _ => Err("a response has exactly one of outputs, effects and error"),
        }
    }
}
