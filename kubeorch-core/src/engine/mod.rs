//! The one place that wires everything: build an [`Engine`], get a handle to each domain.
//!
//! No global state, no runtime, logger or panic hook of its own; background work runs on the tokio runtime
//! that calls [`Builder::build`].

mod builder;
mod handle;
mod host;
mod schema;
mod tasks;

pub use builder::{Builder, Error};
pub use handle::Engine;
pub(crate) use host::Host;
pub use schema::schema;
pub(crate) use tasks::Tasks;
