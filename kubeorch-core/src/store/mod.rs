//! The ordered key-value store under everything durable.
//!
//! [`Store`] is small on purpose: one implementation of everything above it serves every backend.

mod api;
#[cfg(any(test, feature = "test-util"))]
pub mod conformance;
mod db;
mod error;
mod feed;
pub mod key;
mod lease;
pub mod memory;
mod query;
mod reader;
mod record;
#[cfg(feature = "redb")]
pub mod redb;
#[cfg(test)]
mod tests;
mod tx;
pub mod verify;

#[cfg(feature = "redb")]
pub use self::redb::Redb;
pub use api::{Batch, Event, Expect, NewEvent, Seq, Snapshot, Store, Table, Write};
pub use db::Db;
pub use error::Error;
pub use feed::Feed;
pub use key::{Desc, Key};
pub use lease::Lease;
pub use memory::Memory;
pub use query::Query;
pub use reader::Reader;
pub use record::{Index, Indexes, Record};
pub use tx::Tx;
