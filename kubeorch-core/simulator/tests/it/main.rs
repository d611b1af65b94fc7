//! The simulator through its public API: raw requests under a manual clock, kube-rs, `kubectl`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;
mod autoscaler;
mod client;
mod faults;
mod kubectl;
mod support;
mod versions;
