//! Prometheus metrics in a registry of our own, so that nothing global is installed (contract 1.14).

mod http;
mod plugins;
mod process;
mod store;

pub(crate) use http::Telemetry;
