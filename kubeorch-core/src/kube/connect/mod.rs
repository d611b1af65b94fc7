//! From credentials to a [`Client`](super::Client): what a stranger may hand in, what the user's own
//! machine may hold, and a connection test that says which stage fails.
//!
//! A kubeconfig from a stranger is data: nothing in it may start a program, read a file of this machine or send
//! the traffic elsewhere, and all such entries are reported at once. The user's own files
//! ([`from_kubeconfig_files`], [`in_cluster`]) follow kubectl's rules.
//!
//! The TLS provider is aws-lc-rs; kube-rs installs it for the process when there is none yet, so an
//! embedder's own choice stands.

mod check;
mod connector;
mod files;
mod own;
mod probe;
#[cfg(test)]
mod tests;

pub use connector::Connect;
pub use own::{ContextInfo, from_kubeconfig_files, in_cluster};
pub use probe::{Probe, Step};
