//! The engine through its public API: made-up node types, a fake cluster, the memory store.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod control;
mod deploy;
mod drift;
mod faults;
#[cfg(feature = "simulator")]
mod live;
mod plugins;
mod ready;
mod resume;
mod retention;
mod rows;
mod stores;
mod support;
mod tidy;
mod workflows;
