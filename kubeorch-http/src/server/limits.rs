//! Bounds of the accept loop.

use std::time::Duration;

/// Bounds of a [`Server`](super::Server).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections; further ones wait in the kernel's queue. Default 10,240.
    pub connections: usize,
    /// How long a request's head may take, and how long an idle connection is kept: hyper has one timer for both.
    /// Default 15 s.
    pub header_read: Duration,
    /// The largest head of a request in bytes, at least 8 KiB. Default 64 KiB.
    pub header_bytes: usize,
    /// The most headers of a request. Default 100.
    pub headers: usize,
    /// How long open requests may go on once the server stops. Default 10 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_240,
            header_read: Duration::from_secs(15),
            header_bytes: 64 << 10,
            headers: 100,
            drain: Duration::from_secs(10),
        }
    }
}
