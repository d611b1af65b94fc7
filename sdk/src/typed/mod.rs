//! Parameters as Rust types (feature `schema`): the struct is the form, the check and the reading at once.
//!
//! ```
//! # #[cfg(feature = "step")] {
//! use kubeorch_plugin_sdk::{
//!     step::{Descriptor, Port, PortType, Request, Response, TypedStep},
//!     typed::JsonSchema,
//! };
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(rename_all = "camelCase")]
//! #[schemars(crate = "kubeorch_plugin_sdk::typed::schemars")]
//! struct Parameters {
//!     /// How often.
//!     #[schemars(title = "Times", range(min = 1, max = 9))]
//!     times: u8,
//! }
//!
//! struct Repeat;
//!
//! impl TypedStep for Repeat {
//!     type Parameters = Parameters;
//!     fn name(&self) -> &'static str {
//!         "text-repeat"
//!     }
//!     fn descriptor(&self) -> Descriptor {
//!         Descriptor::new("text-repeat", "Repeat").output(Port::new("text", PortType::String))
//!     }
//!     fn run(&self, parameters: Parameters, request: &Request) -> Response {
//!         let text = request.input("text").and_then(|text| text.as_str()).unwrap_or_default();
//!         Response::done().output("text", text.repeat(usize::from(parameters.times)))
//!     }
//! }
//! # }
//! ```
//!
//! What does not fit the type is reported with its path, all of it at once; the plugin is called with what fits alone.
//! `null` is absent everywhere, as in [`Reader`](crate::Reader).

mod decode;
#[cfg(feature = "node-types")]
mod node_type;
mod schema;

#[cfg(feature = "node-types")]
pub use self::node_type::TypedNodeType;
pub use self::{
    decode::{Mistake, decode},
    schema::schema,
};
pub use schemars::{self, JsonSchema};
