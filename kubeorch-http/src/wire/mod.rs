//! The bodies of the contract: exact member names and case, lists never null, times in UTC with milliseconds.
//!
//! Boundary: these types translate to and from the engine's values and decide nothing. They are written by
//! hand, so that a renamed member of the engine can never rename one on the wire.

pub(crate) mod auth;
pub(crate) mod clusters;
pub(crate) mod finding;
pub(crate) mod graph;
pub(crate) mod plan;
pub(crate) mod plugins;
pub(crate) mod review;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod stream;
pub(crate) mod templates;
mod time;
pub(crate) mod versions;
pub(crate) mod workflows;

pub(crate) use time::Timestamp;

/// An answer that only says that it worked.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Done {
    /// What was done.
    pub(crate) message: &'static str,
}
