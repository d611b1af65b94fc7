//! The face over a whole engine: memory store, made-up node types, a fake cluster, a clock that stands still.

mod accounts;
mod authorisation;
mod conflict;
mod openapi;
mod refused_runs;
mod server;
mod stream;
mod support;
mod transcript;
mod transport;
