//! Steps of a flow: the world `step`.
//!
//! A step is a pure function of its request. What it wants done in the world it asks for as an [`Effect`]; the host does
//! it, records the result and calls again with the state that the step left. So a flow can be replayed.
//!
//! Implement [`Step`] once per step, list them in a [`Collection`] and export it:
//!
//! ```
//! use kubeorch_plugin_sdk::{
//!     PluginInfo,
//!     step::{Collection, Descriptor, Port, PortType, Request, Response, Step},
//!     steps,
//! };
//! use serde_json::Value;
//!
//! struct Upper;
//!
//! impl Step for Upper {
//!     fn name(&self) -> &'static str {
//!         "text-upper"
//!     }
//!     fn descriptor(&self) -> Descriptor {
//!         Descriptor::new(self.name(), "Upper case")
//!             .input(Port::new("text", PortType::String).required())
//!             .output(Port::new("text", PortType::String))
//!     }
//!     fn run(&self, request: &Request) -> Response {
//!         match request.input("text").and_then(Value::as_str) {
//!             Some(text) => Response::done().output("text", text.to_uppercase()),
//!             None => Response::error("text.missing", "the text is missing").field("inputs.text"),
//!         }
//!     }
//! }
//!
//! struct Mine;
//!
//! impl Collection for Mine {
//!     const PLUGIN: PluginInfo = PluginInfo { id: "mine", name: "Mine", version: "0.1.0", description: "Texts" };
//!     const STEPS: &'static [&'static dyn Step] = steps![Upper];
//! }
//!
//! # mod component {
//! # use super::Mine;
//! kubeorch_plugin_sdk::export_plugin!(step: Mine);
//! # }
//! # fn main() {}
//! ```

mod catalog;
mod collection;
mod request;
mod response;
#[cfg(feature = "schema")]
mod typed;

#[cfg(feature = "schema")]
pub use self::typed::TypedStep;
pub use self::{
    catalog::{Catalog, Descriptor, EffectKind, Port, PortType},
    collection::{Collection, Step},
    request::{EffectResult, Request, Resume},
    response::{Effect, Error, Response},
};

use crate::Failure;

/// The two questions of the `step` world, typed.
///
/// Implement [`Collection`] instead where the plugin is a list of steps; this trait is for plugins that make their steps
/// from data.
pub trait Steps {
    /// What the plugin is and which steps it has.
    fn catalog() -> Catalog;

    /// Runs a step, or goes on with it. Fails only for a step that the plugin does not have.
    fn run(request: &Request) -> Result<Response, Failure>;
}
