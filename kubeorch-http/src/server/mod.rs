//! Serves a router over hyper: limits on connections and headers, and an end with a deadline.
//!
//! HTTP/1.1 without TLS; a proxy in front brings both. The loop knows nothing of the API and serves any service.

mod accept;
mod limits;

pub use accept::{Drained, Server};
pub use limits::Limits;
