//! [`Cluster`](super::Cluster) over kube-rs.
//!
//! Inside: `transport` sends a call and repeats it when that is safe; `guard` stands around every request with
//! a deadline and the cluster's `pace`; `failure` turns
//! what went wrong into [`Error`](super::Error), with `refusal` for what is about one object; `mapping` finds the path of a kind by discovery; `cluster`,
//! `watch` and `info` are the calls of the trait. Nothing here knows credentials.

mod cluster;
mod failure;
mod guard;
mod head;
mod info;
mod list;
mod mapping;
mod options;
mod pace;
mod refusal;
#[cfg(test)]
pub(in crate::kube) mod tests;
mod transport;
mod watch;

pub use cluster::Client;
pub(super) use failure::{Failure, Stage};
pub(super) use info::whoami;
pub use options::Options;
