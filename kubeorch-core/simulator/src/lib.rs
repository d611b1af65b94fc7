//! An in-process Kubernetes API server with workload controllers and simulated nodes, for tests,
//! demos and benches.
//!
//! It speaks the API as `kubectl` and client libraries use it: discovery, create to delete, server-side
//! apply with field ownership, the three patch types, watches, tables, logs. Deployments roll, claims
//! bind, jobs finish and pods live through pulling, starting, readiness, crashes and termination, with
//! images choosing what goes wrong ([`Behaviour`]). Nothing runs for real and no traffic flows.
//!
//! Everything waits on a [`Clock`]; with a [`ManualClock`] and a seed a run is the same every time.
//!
//! ```
//! use kubeorch_simulator::Simulator;
//!
//! # fn main() {
//! let simulator = Simulator::builder().nodes(2).seed(1).build();
//! // let client = kube::Client::new(simulator.service(), "default");
//! // simulator.serve(listener, shutdown).await?;
//! # let _ = simulator;
//! # }
//! ```
//!
//! Boundary: it knows Kubernetes and nothing of KubeOrch.

mod access;
mod api;
mod apply;
mod behaviour;
mod builder;
mod clock;
mod controllers;
mod core;
mod defaults;
mod exec;
mod faults;
mod kubelet;
mod names;
mod patch;
mod resources;
mod scale;
mod schemas;
mod serve;
mod service;
mod simulator;
mod store;
mod usage;
mod validate;
mod value;

pub use access::User;
pub use api::{Body, Verb};
pub use behaviour::{Behaviour, Outcome, Timing};
pub use builder::{Builder, Limits};
pub use clock::{Clock, ManualClock, SystemClock};
pub use faults::{Action, Fault, ScriptError, Tally};
pub use serve::kubeconfig;
pub use service::{Error, Service};
pub use simulator::Simulator;
