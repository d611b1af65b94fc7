//! Noticing that a cluster no longer looks like what was deployed: objects that are gone, and fields of ours that somebody
//! changed.
//!
//! For each published workflow whose last run completed, the objects of that run's version are watched, with the watches of
//! all workflows of a cluster shared. A suspicion is confirmed by a dry run before it is told, so defaults and spellings of
//! quantities never alarm. What a node's `deploy.drift` says is done: told (the default), applied again in a run of the
//! deployed version that holds the drifted nodes alone, or nothing.
//!
//! Not drift: fields that others added, replicas that an autoscaler set, values of Secrets and everything else that came with
//! a run, a `Job` that is gone (it would run again), hooks, and nodes that were left out.
//!
//! What keeps it bounded: [`Options`]. Nothing polls: watches, the event log and the injected clock wake it.

mod compare;
mod confirm;
mod guard;
mod keeper;
mod options;
mod report;
mod watcher;

pub(super) use keeper::Keeper;
pub use options::Options;
