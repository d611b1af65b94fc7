#![doc = include_str!("docs/crate.md")]

mod api;
#[cfg(feature = "cli")]
pub mod cli;
mod extract;
mod layers;
mod openapi;
mod options;
mod problem;
mod router;
mod routes;
pub mod server;
mod sse;
mod table;
mod telemetry;
mod wire;

pub use options::{Options, Rate};
pub use router::{Contract, contract, router};
pub use server::Server;
pub use table::{Permission, Row};
