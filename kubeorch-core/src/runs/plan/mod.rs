//! A plan: what a run would do to a cluster, object by object, computed with the server's own dry run.
//!
//! [`planner`] goes through it: `namespaces` that are missing, a `sight` of what is there with a call a kind, then each
//! `object`: whose it is (`owner`), what of it is ours to set (`shape`), whether it is as the inventory says that it was left, else a
//! dry run (`trial`) with `conflicts` resolved as the node's policy says. A `refusal` becomes a finding that says what would help.
//! `prune` adds what the graph no longer holds. Boundary: nothing here changes a cluster or the store.

mod conflicts;
mod model;
mod namespaces;
mod object;
mod owner;
mod planner;
mod prune;
mod refusal;
mod shape;
mod sight;
#[cfg(test)]
mod tests;
mod trial;

pub use model::{Action, Conflict, Plan, PlannedOperation, Resolution, Summary};
pub(super) use model::{Known, Planned, Removal, Step};
pub(super) use planner::Planner;
pub(super) use prune::owned;
pub use shape::KEEP_ANNOTATION;
