//! `up` and `plan`: a file against a cluster.
//!
//! [`job`] brings file, values, cluster and engine together; [`watch`] follows a run; [`report`] and
//! [`plan`] make the answers. The engine is the one the server uses, over a store in memory unless told otherwise.

mod job;
mod plan;
mod report;
mod states;
mod target;
mod up;
mod watch;

pub(crate) use plan::plan;
pub(crate) use target::Target;
pub(crate) use up::up;
