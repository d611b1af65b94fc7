//! The controllers: who looks at what when something changes, one file each.
//!
//! Everything is level-triggered: a controller gets the place of an object, looks at the state and
//! takes the next step. All of them run one after the other under the lock, so that a run with a
//! manual clock and a seed is the same every time.

mod autoscaler;
mod budgets;
mod claims;
mod cron_job;
mod daemon_set;
mod definitions;
mod deployment;
mod endpoints;
mod garbage;
mod job;
mod loads;
mod namespaces;
mod network;
mod nodes;
mod pods;
mod queue;
mod replica_set;
mod routing;
mod schedule;
mod scheduler;
mod stateful_set;

pub(crate) use autoscaler::Autoscalers;
pub(crate) use budgets::allowed as disruptions_allowed;
pub(crate) use claims::default_class;
pub(crate) use loads::Loads;
pub(crate) use network::Addresses;
pub(crate) use nodes::seed;
pub(crate) use queue::{Queue, Task, Work, step};
pub(crate) use routing::route;
pub(crate) use schedule::valid as valid_schedule;
