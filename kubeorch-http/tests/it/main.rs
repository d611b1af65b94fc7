//! The face over a whole engine: memory store, made-up node types, a fake cluster, a clock that stands still.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod accounts;
#[cfg(feature = "cli")]
mod application;
mod authorisation;
#[cfg(feature = "cli")]
mod catalogue;
mod conflict;
mod health;
mod openapi;
mod refused_runs;
mod server;
mod stream;
mod support;
mod transcript;
mod transport;
