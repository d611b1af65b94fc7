#![doc = include_str!("docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Values: no I/O, no async.
pub mod actor;
pub mod error;
pub mod graph;
pub mod id;
pub mod manifest;
pub mod page;
pub mod secret;
pub mod time;

// Edges: a trait, its error, a fake; adapters behind features.
pub mod kube;
pub mod plugin;
pub mod store;

// Domains.
pub mod clusters;
pub mod plugins;
pub mod projects;
pub mod retention;
pub mod runs;
pub mod settings;
pub mod templates;
pub mod users;
pub mod versions;
pub mod workflows;

// The engine: the only place that wires everything.
pub mod engine;

pub use engine::{Engine, schema};
pub use error::Error;
