//! Plugins: which are installed, whose may be, and what a user sees of them.
//!
//! An install goes this way, and ends at the first step that refuses: fetch → digest and signature → outline and
//! manifest → load in the sandbox → store → serve. What was served before goes on until the last step, and for calls
//! that are under way beyond it. A step that fails leaves no trace but the reason.
//!
//! Components stand in the store under their digest, so a backup holds them and a start needs no network. A plugin that
//! no longer loads is listed with its error and stops nothing else.
//!
//! ```
//! # #[cfg(feature = "test-util")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use kubeorch_core::Engine;
//! use kubeorch_core::actor::Actor;
//! use kubeorch_core::plugin::fake::{Sandbox, Types, component};
//! use kubeorch_core::plugins::{Package, Policy, State, Trust};
//!
//! // A real program gives `plugin::WasmSandbox` over its registry, and the keys that it trusts.
//! let sandbox = Arc::new(Sandbox::new(Types::toys()));
//! let trust = Trust { allow_unsigned: true, ..Trust::default() };
//! let engine = Engine::builder()
//!     .plugins(sandbox.clone())
//!     .sandbox(sandbox)
//!     .plugin_policy(Policy { trust, ..Policy::default() })
//!     .build()
//!     .await?;
//!
//! let catalog = serde_json::json!({
//!     "plugin": { "id": "mq", "name": "Queues", "version": "1.0.0" },
//!     "nodeTypes": [{ "name": "queue", "title": "Queue", "parameters": { "type": "object" } }],
//! });
//! let package = Package::bytes("mq.wasm", component(&catalog, None));
//! let view = engine.plugins().install(&Actor::System, package).await?;
//! assert_eq!(view.state, State::Serving);
//! assert!(engine.node_types().find("queue").is_some());
//!
//! engine.plugins().remove(&Actor::System, "mq", false).await?;
//! assert!(engine.node_types().find("queue").is_none());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "test-util"))]
//! # fn main() {}
//! ```
//!
//! Boundary: running components is the [sandbox](crate::plugin::Sandbox)'s affair, fetching them that of
//! [`Download`](crate::plugin::Download).

mod adopt;
mod bytes;
mod catalogue;
mod change;
mod directory;
mod error;
pub(crate) mod field;
mod model;
mod palette;
mod ready;
mod records;
mod service;
mod source;
mod start;
mod trust;
mod uses;
mod views;

pub use catalogue::{Listed, ListedType};
pub use error::Error;
pub use field::Field;
pub use model::{Failure, Installed, KEPT, MAX_INSTALLED, Origin, Release, State, Use, View};
pub(crate) use records::records;
pub(crate) use service::Parts;
pub use service::{Policy, Service};
pub use source::{Package, Source};
pub use trust::{Key, Trust};
