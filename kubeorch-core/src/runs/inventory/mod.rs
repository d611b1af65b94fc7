//! The inventory: what runs of a workflow applied to a cluster and did not remove.
//!
//! It is written in the transaction that notes a node's state, so it never claims less than the cluster holds because of us. A plan
//! needs it for two things: an object that is as it was left costs no dry run, and what the graph no longer
//! holds is found even without its label. It says nothing of objects that no run applied, and holds hashes instead of contents.

mod note;
mod substance;
mod table;

pub(super) use note::of;
pub(super) use note::{AppliedStep, drop, note};
pub(super) use substance::substance;
pub(super) use table::{Tracked, parts};
