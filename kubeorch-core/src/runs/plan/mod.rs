//! A plan: what a run would do to a cluster, object by object, computed with the server's own dry run.

mod model;
mod planner;

pub use model::{Action, Conflict, Plan, PlannedOperation, Resolution, Summary};
pub(super) use model::{Known, Planned, Removal, Step};
pub(super) use planner::{Planner, owned};
