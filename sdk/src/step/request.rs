//! What a step is run with (`run`).

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::Error;

/// The request of `run`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The name of the step.
    pub step: String,
    /// What was filled in when the flow was drawn.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// What flowed in, by name of the port.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// Present when the step asked for effects and goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// Where a step goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// What it left when it asked for the effects.
    #[serde(default)]
    pub state: Value,
    /// One result for each effect, in their order.
    #[serde(default)]
    pub results: Vec<EffectResult>,
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectResult {
    /// The id of the effect.
    pub id: String,
    /// What came of it; absent when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

impl Request {
    /// An input; `null` is absent.
    pub fn input(&self, name: &str) -> Option<&Value> {
        self.inputs.get(name).filter(|value| !value.is_null())
    }

    /// A parameter; `null` is absent.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name).filter(|value| !value.is_null())
    }
}

impl Resume {
    /// The state, as the type that it was left in.
    pub fn state<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(self.state.clone())
            .map_err(|error| Error::new("state.invalid", error.to_string()))
    }

    /// What came of the effect of that id, or why it failed.
    pub fn result(&self, id: &str) -> Result<&Value, Error> {
        match self.results.iter().find(|result| result.id == id) {
            Some(EffectResult { error: Some(error), .. }) => Err(error.clone()),
            Some(EffectResult { value, .. }) => Ok(value.as_ref().unwrap_or(&Value::Null)),
            None => {
                Err(Error::new("result.missing", format!("the host gave no result of the effect {id:?}")))
            }
        }
    }
}
