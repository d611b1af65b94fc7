//! What handlers take out of a request. Everything refuses with a [`Problem`](crate::problem::Problem), never with a
//! framework's text.

mod body;
mod path;
mod query;

pub(crate) use body::{Input, Json, OptionalJson, reply};
pub(crate) use path::{ClusterPath, RunPath, VersionPath, WorkflowPath};
pub(crate) use query::Params;

/// The type of every JSON body.
pub(crate) const JSON: &str = "application/json; charset=utf-8";
