//! `json-get`: the value at a place.

use kubeorch_plugin_sdk::{
    step::{Descriptor, Port, PortType, Request, Response, TypedStep},
    typed::{JsonSchema, schemars},
};
use serde::Deserialize;
use serde_json::Value;

/// See the module.
pub(crate) struct Get;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(crate = "schemars")]
pub(crate) struct Parameters {
    /// JSON Pointer (RFC 6901): /spec/replicas; empty for the whole value.
    #[schemars(title = "Pointer")]
    pointer: String,
    /// What flows out when there is nothing at that place.
    #[schemars(title = "Default")]
    default: Option<Value>,
}

impl TypedStep for Get {
    type Parameters = Parameters;

    fn name(&self) -> &'static str {
        "json-get"
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor::new("json-get", "Get value")
            .description("Takes the value at a place out of JSON.")
            .palette("data", "Crosshair")
            .input(Port::new("value", PortType::Any).required().about("What to look into."))
            .output(Port::new("value", PortType::Any).about("What is there, or the default."))
            .exits(&["found", "absent"])
    }

    fn run(&self, parameters: Parameters, request: &Request) -> Response {
        let Parameters { pointer, default } = parameters;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Response::error("pointer.invalid", "a JSON Pointer begins with a slash")
                .field("parameters.pointer");
        }
        // `null` flows in as nothing, and there is nothing in it.
        let whole = request.inputs.get("value").unwrap_or(&Value::Null);
        match whole.pointer(&pointer).filter(|value| !value.is_null()) {
            Some(value) => Response::done().output("value", value.clone()).exit("found"),
            None => Response::done().output("value", default.unwrap_or_default()).exit("absent"),
        }
    }
}
