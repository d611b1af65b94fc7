//! Server-wide settings that live in the store: the signing secret, the invite code and how it changes.
//!
//! Boundary: what an operator sets at start (addresses, limits) is configuration, not a setting.

mod model;
mod service;

pub(crate) use model::{KEY, SIGNING_RECORD, Settings, fresh_code, random_text, records};
pub use service::Service;
