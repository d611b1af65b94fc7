//! What goes and what stays: decisions as tables and properties, sweeps on a store.

mod decide;
mod sweep;

use std::time::Duration;

use crate::time::Time;

/// A point in time, in days.
fn day(day: u64) -> Time {
    Time::from_millis(1_767_225_600_000).plus(Duration::from_secs(day * 86_400))
}
