//! The built binary, as people and scripts meet it: texts, answers, exit codes, signals.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod compile;
mod crash;
mod deploy;
mod harness;
mod help;
mod installed;
mod operators;
mod plugin;
mod refused;
mod resume;
mod serve;
mod simulator;
mod store;
mod transfer;
