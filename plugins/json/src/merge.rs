//! `json-merge`: one value laid over another.

use kubeorch_plugin_sdk::{
    step::{Descriptor, Port, PortType, Request, Response, TypedStep},
    typed::{JsonSchema, schemars},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// See the module.
pub(crate) struct Merge;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Parameters {
    /// What becomes of two lists at the same place.
    #[schemars(title = "Lists")]
    #[serde(default)]
    lists: Lists,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Lists {
    /// The second one stays.
    #[default]
    Replace,
    /// The second one follows the first.
    Append,
}

impl TypedStep for Merge {
    type Parameters = Parameters;

    fn name(&self) -> &'static str {
        "json-merge"
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor::new("json-merge", "Merge")
            .description("Lays one value over another: members are added or replaced, null removes one.")
            .palette("data", "Combine")
            .input(Port::new("base", PortType::Any).default(Map::new()).about("What lies below."))
            .input(Port::new("over", PortType::Any).required().about("What lies above."))
            .output(Port::new("value", PortType::Any).about("Both in one."))
    }

    fn run(&self, parameters: Parameters, request: &Request) -> Response {
        let base = request.input("base").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        let Some(over) = request.inputs.get("over") else {
            return Response::error("over.missing", "nothing flows in at over").field("inputs.over");
        };
        Response::done().output("value", merge(base, over, parameters.lists))
    }
}

/// JSON merge patch (RFC 7396); lists as chosen.
fn merge(base: Value, over: &Value, lists: Lists) -> Value {
    match (base, over) {
        (Value::Array(mut base), Value::Array(over)) if lists == Lists::Append => {
            base.extend(over.iter().cloned());
            Value::Array(base)
        }
        (base, Value::Object(over)) => {
            let mut members = match base {
                Value::Object(members) => members,
                _ => Map::new(),
            };
            for (key, value) in over {
                if value.is_null() {
                    members.shift_remove(key);
                } else {
                    let below = members.get_mut(key).map(Value::take).unwrap_or_default();
                    members.insert(key.clone(), merge(below, value, lists));
                }
            }
            Value::Object(members)
        }
        (_, over) => over.clone(),
    }
}
