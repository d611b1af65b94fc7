//! The store in one file, on redb.
//!
//! One OS thread writes. It takes what arrived while the last flush ran and commits it as one
//! transaction: alone a caller waits for one flush, many callers share it. Every commit is two-phase with
//! quick repair: after a crash the file opens at once, with every acknowledged write and no half of one.

mod event;
mod file;
mod store;
#[cfg(test)]
mod tests;
mod view;
mod writer;

pub use store::{Options, Redb};
