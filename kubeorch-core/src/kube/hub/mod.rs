//! One watch for many readers: what is on a cluster, kept current in memory while anybody looks.
//!
//! A [`Subscription`] sees a whole set at any moment: while a watch starts over, the last set stays until the new
//! one is complete. Its reader is woken by changes, coalesced by object; nothing polls.

mod entry;
mod row;
mod set;
mod shared;
mod subscription;
#[cfg(test)]
mod tests;

pub use set::{Changes, State};
pub use shared::{Hub, HubOptions};
pub use subscription::Subscription;
