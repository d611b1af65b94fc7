//! The HTTP face: paths to verbs, verbs to the core, results to what the client accepts.

mod apply;
mod body;
mod computed;
mod connect;
mod discovery;
mod logs;
mod openapi;
mod protobuf;
mod read;
mod render;
mod request;
mod route;
pub(crate) mod status;
mod subresources;
mod table;
mod watch;
mod write;

pub use body::Body;
pub(crate) use body::{Answer, BoxError};
pub(crate) use request::Call;
pub use request::Verb;
pub(crate) use route::{handle, identify};
pub(crate) use watch::failed_watch;
