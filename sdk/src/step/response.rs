//! What comes of a step.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::EffectKind;

/// The answer to `run`: one of three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
// In this order, because unknown members are ignored: what has an error or effects is told by them.
#[serde(untagged)]
pub enum Response {
    /// It did not work, and the flow decides what follows.
    Error {
        /// Why.
        error: Error,
    },
    /// It goes on when the host has done something.
    Effects {
        /// What to do, in any order; no two with the same id.
        effects: Vec<Effect>,
        /// What it wants back with the results.
        #[serde(default)]
        state: Value,
    },
    /// It is done.
    Done {
        /// What flows out, by name of the port.
        outputs: Map<String, Value>,
        /// The exit by which execution goes on; absent for a step that has one exit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<String>,
    },
}

/// Something for the host to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Tells its result from the others'.
    pub id: String,
    /// What kind it is; one that the step's descriptor names.
    pub kind: EffectKind,
    /// The request, in the form of its kind.
    pub request: Value,
}

/// Why a step did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// Stable, dotted and lower case, for flows that route by it.
    pub code: String,
    /// One lower-case sentence fragment for people.
    pub message: String,
    /// Where in the request: `parameters.path`, `inputs.value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Error {
    /// An error of that code.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), field: None }
    }

    /// Where in the request.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

/// So that a step can be written with `?` and end in `unwrap_or_else(Response::from)`.
impl From<Error> for Response {
    fn from(error: Error) -> Self {
        Self::Error { error }
    }
}

impl Response {
    /// Done, with nothing flowing out yet.
    pub fn done() -> Self {
        Self::Done { outputs: Map::new(), exit: None }
    }

    /// It did not work.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Error::new(code, message).into()
    }

    /// Goes on when the host has done these.
    pub fn effects(effects: Vec<Effect>, state: impl Into<Value>) -> Self {
        Self::Effects { effects, state: state.into() }
    }

    /// Of a step that is done: one more value flows out.
    #[must_use]
    pub fn output(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Self::Done { outputs, .. } = &mut self {
            outputs.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Of a step that is done: the exit by which execution goes on.
    #[must_use]
    pub fn exit(mut self, name: &str) -> Self {
        if let Self::Done { exit, .. } = &mut self {
            *exit = Some(name.to_owned());
        }
        self
    }

    /// Of an error: where in the request.
    #[must_use]
    pub fn field(mut self, path: &str) -> Self {
        if let Self::Error { error } = &mut self {
            error.field = Some(path.to_owned());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Hosts tell the three apart by their members alone, whatever else a later SDK adds to them.
    #[test]
    fn answers_are_told_apart_by_their_members() {
        let effect = json!({ "id": "a", "kind": "http", "request": { "url": "https://example.com" } });
        for (answer, expected) in [
            (json!({ "outputs": { "n": 1 }, "later": true }), Response::done().output("n", 1)),
            (json!({ "outputs": {}, "exit": "no" }), Response::done().exit("no")),
            (json!({ "error": { "code": "c", "message": "m" }, "outputs": {} }), Response::error("c", "m")),
            (
                json!({ "effects": [effect], "state": 7 }),
                Response::effects(vec![serde_json::from_value(effect.clone()).unwrap()], 7),
            ),
        ] {
            assert_eq!(serde_json::from_value::<Response>(answer.clone()).unwrap(), expected, "{answer}");
        }
        assert!(serde_json::from_value::<Response>(json!({ "exit": "no" })).is_err());
    }
}
