//! The client against a scripted API server inside the process.

mod calls;
mod failures;
#[cfg(feature = "simulator")]
mod faults;
mod info;
mod refusals;
pub(in crate::kube) mod server;
mod watching;
