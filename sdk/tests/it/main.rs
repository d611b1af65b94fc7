//! What the SDK promises to plugins that are built already.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod wit;
