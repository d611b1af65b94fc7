//! The store in one file, on redb.
//!
//! One OS thread writes. It takes what arrived while the last flush ran and commits it as one transaction: alone a
//! caller waits for one flush, many callers share it. By default every commit is two-phase with quick repair
//! ([`Durability`]): after a crash the file opens at once, with every acknowledged write and no half of one.
//!
//! * Every block carries a checksum that is looked at when it is read: a bit that changed on the disk is
//!   [`Error::Damaged`](super::Error), never wrong data.
//! * A disk that is nearly full refuses writes before anything is written; reads go on.
//! * When a write or flush fails, the file is opened again from the disk and a flush of its own must succeed before
//!   anything else is written. What the file then holds tells whether the failed commit is in it. As long as that
//!   does not work the store only reads, and it tries again by itself.
//! * Each commit notes the keys that it changed, for incremental backups.

mod backup;
mod changes;
mod compact;
mod convert;
mod copy;
mod draft;
mod event;
mod file;
mod group;
mod load;
mod medium;
mod meter;
mod overlay;
mod pages;
mod store;
mod sums;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "test-util"))]
pub mod trials;
mod view;
mod writer;

pub use backup::{Base, Manifest, restore};
pub use compact::{Compacted, compact};
#[cfg(any(test, feature = "test-util"))]
pub use medium::Medium;
pub use store::{Durability, Options, Redb};
