//! The ordered key-value store under everything durable.
//!
//! [`Store`] is small on purpose: one implementation of everything above it serves every backend.

mod api;
mod error;

pub use api::{Batch, Event, Expect, NewEvent, Seq, Snapshot, Store, Table, Write};
pub use error::Error;
