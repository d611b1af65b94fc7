//! The command line: the binary `kubeorch` without its `main`.
//!
//! Reads flags, files and the environment, calls the engine and the server, shows what happened. A rule about
//! workflows or clusters belongs into `kubeorch-core`, never here.
//!
//! Stdout carries the answer, stderr the rest; only the terminal module writes to them. What each exit code means is
//! in [`exit`] and in `kubeorch --help`. Secrets are never printed, also not in part.

mod args;
mod commands;
mod config;
mod deploy;
mod engine;
pub mod exit;
mod failure;
mod file;
mod logging;
mod output;
mod plugin;
mod run;
mod signals;
mod simulation;
mod store;
mod values;

pub use args::command;
pub use run::main;
