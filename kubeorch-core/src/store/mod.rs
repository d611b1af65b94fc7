//! The ordered key-value store under everything durable.
//!
//! [`Store`] is small on purpose: one implementation of everything above it serves every backend
//! ([`Memory`], [`Redb`]; the `conformance` suite holds them to one behaviour). Domains do not use it; they use:
//!
//! * [`Record`]: a type with a table, a key, a schema version and [`Index`]es.
//! * [`Db::read`]: a consistent view ([`Reader`]): `get`, `find`, `list`, `first`, `count`, `paged`, `each`.
//! * [`Db::write`]: a transaction ([`Tx`], which reads too): `put`, `insert`, `remove`, `event`, `next`, `guard`,
//!   `fence`. It is optimistic: what it read becomes a precondition, and it runs again on a conflict.
//! * [`Db::feed`]: the event log without a gap; [`Db::lease`]: one worker at a time.
//! * Over a whole store, by its [`Schema`]: [`Db::verify`] what must hold, [`Db::rewrite`] rows of older schemas,
//!   [`Db::export`] and [`Db::import`] it as text.
//!
//! ```
//! use std::sync::Arc;
//! use kubeorch_core::store::{Db, Desc, Error, Index, Indexes, Memory, Query, Record, Seq, Table};
//! use kubeorch_core::time::SystemClock;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Note { id: u64, title: String, stars: u64 }
//!
//! const BY_TITLE: Index<Note> = Index::unique("notes.by_title");
//! const BY_STARS: Index<Note> = Index::new("notes.by_stars");
//!
//! impl Record for Note {
//!     const TABLE: Table = Table("notes");
//!     const INDEXES: &'static [Index<Self>] = &[BY_TITLE, BY_STARS];
//!     type Key = u64;
//!     fn key(&self) -> u64 { self.id }
//!     fn indexes(&self, out: &mut Indexes<Self>) {
//!         out.add(BY_TITLE, &self.title);
//!         out.add(BY_STARS, &Desc(self.stars));
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! let clock = Arc::new(SystemClock);
//! let db = Db::new(Arc::new(Memory::new(clock.clone())), clock);
//! for (title, stars) in [("plain", 1), ("good", 5)] {
//!     db.write(|tx| {
//!         let id = tx.next(&"notes")?;
//!         tx.insert(&Note { id, title: title.to_owned(), stars })?;
//!         tx.event(format!("note:{id}"), "written", &stars)
//!     })
//!     .await?;
//! }
//! let best = db.read(|r| r.first(Query::by(BY_STARS)))?;
//! assert_eq!(best.map(|note| note.title).as_deref(), Some("good"));
//! let twice = db.write(|tx| tx.insert(&Note { id: 9, title: "good".to_owned(), stars: 0 })).await;
//! assert!(matches!(twice, Err(Error::Taken { index: "notes.by_title" })));
//! assert_eq!(db.feed(Seq(1), None).next().await?[0].stream, "note:2");
//! # Ok(())
//! # }
//! ```

mod api;
#[cfg(any(test, feature = "test-util"))]
pub mod conformance;
mod db;
mod error;
pub mod export;
mod feed;
mod history;
pub mod import;
pub mod key;
mod lease;
mod lines;
pub mod memory;
mod query;
mod reader;
mod record;
#[cfg(feature = "redb")]
pub mod redb;
mod rewrite;
mod schema;
#[cfg(test)]
mod tests;
mod tx;
pub mod verify;

#[cfg(feature = "redb")]
pub use self::redb::Redb;
pub use api::{Batch, Event, Expect, Health, NewEvent, Row, Seq, Snapshot, Store, Table, Write};
pub use db::Db;
pub use error::Error;
pub use feed::Feed;
pub use history::History;
pub use key::{Desc, Key};
pub use lease::Lease;
pub use memory::Memory;
pub use query::Query;
pub use reader::Reader;
pub use record::{Index, Indexes, Record, rule};
pub use rewrite::{Progress, Rewritten};
pub use schema::Schema;
pub use tx::Tx;
