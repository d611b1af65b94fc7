//! KubeOrch template: a step that joins texts.

use kubeorch_plugin_sdk::{
    Parameter, Parameters, PluginInfo, export_plugin,
    step::{Collection, Descriptor, Port, PortType, Request, Response, Step},
    steps,
};
use serde_json::Value;

/// This plugin: who it is and what it brings.
#[derive(Debug)]
pub struct Plugin;

impl Collection for Plugin {
    const PLUGIN: PluginInfo = PluginInfo {
        id: env!("CARGO_PKG_NAME"),
        name: "KubeOrch template",
        version: env!("CARGO_PKG_VERSION"),
        description: env!("CARGO_PKG_DESCRIPTION"),
    };
    const STEPS: &'static [&'static dyn Step] = steps![Join];
}

export_plugin!(step: Plugin);

/// The step.
struct Join;

impl Step for Join {
    fn name(&self) -> &'static str {
        env!("CARGO_PKG_NAME")
    }

    fn descriptor(&self) -> Descriptor {
        let separator =
            Parameter::text("separator", "Separator").default(", ").about("What stands between two.");
        Descriptor::new(self.name(), "KubeOrch template")
            .description("Joins the texts of a list.")
            .palette("data", "Link")
            .parameters(Parameters::new().with(separator))
            .input(Port::new("texts", PortType::Array).required().about("What to join."))
            .output(Port::new("text", PortType::String).about("All of them, in their order."))
    }

    /// The host has checked the parameters; what flows in may be anything.
    fn run(&self, request: &Request) -> Response {
        let separator = request.parameter("separator").and_then(Value::as_str).unwrap_or(", ");
        let Some(texts) = request.input("texts").and_then(Value::as_array) else {
            return Response::error("texts.missing", "there is no list to join").field("inputs.texts");
        };
        let joined: Option<Vec<&str>> = texts.iter().map(Value::as_str).collect();
        match joined {
            Some(texts) => Response::done().output("text", texts.join(separator)),
            None => Response::error("texts.invalid", "not all of the list are texts").field("inputs.texts"),
        }
    }
}

#[cfg(test)]
mod tests {
    use kubeorch_plugin_sdk::step::{Request, Response, Step};
    use serde_json::json;

    use super::Join;

    /// `cargo test` runs the code as a program of this machine; `kubeorch plugin test` runs the component.
    #[test]
    fn a_list_of_other_things_is_refused() {
        let request = json!({ "step": Join.name(), "inputs": { "texts": ["a", 1] } });
        let request: Request = serde_json::from_value(request).unwrap();
        assert_eq!(
            Join.run(&request),
            Response::error("texts.invalid", "not all of the list are texts").field("inputs.texts")
        );
    }
}
