//! What handlers take out of a request. Everything refuses with a [`Problem`](crate::problem::Problem), never with a
//! framework's text.

mod body;
mod component;
mod path;
mod query;

pub(crate) use body::{Input, Json, OptionalJson, reply};
pub(crate) use component::Component;
pub(crate) use path::{ClusterPath, PluginPath, RunPath, VersionPath, WorkflowPath};
pub(crate) use query::Params;

/// The type of every JSON body.
pub(crate) const JSON: &str = "application/json; charset=utf-8";
