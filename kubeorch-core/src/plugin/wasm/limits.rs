//! What a plugin may use.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Bounds of the host and of every call. All sizes are bytes unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of a component. Default 8 MiB: seventy times a Rust plugin of one node type.
    pub component: usize,
    /// Code of one function, because compilers take more than linear time over a long one. Default 256 KiB:
    /// ten times the longest that rustc makes of the core plugin, and a fifth of a second to compile; above
    /// 1 MiB a compilation takes seconds.
    pub function: usize,
    /// Linear memory of one call. Default 64 MiB.
    pub memory: usize,
    /// Elements in all tables of one call. Default 20,000, the pool's own default.
    pub table_elements: usize,
    /// Native stack that a guest may use. Default 512 KiB, at most 16 MiB.
    pub stack: usize,
    /// Wall-clock time of one call. Default 500 ms: thousands of times a usual render, so that a starved
    /// machine is not taken for a plugin that never ends.
    pub deadline: Duration,
    /// Request of one call. Default 4 MiB, room for the live objects that a status looks at.
    pub input: usize,
    /// Answer of one call. Default 4 MiB.
    pub output: usize,
    /// Calls that run at once, each on a thread of its own. Default: the number of cores.
    pub workers: usize,
    /// Calls that wait; the next one gets [`Error::Busy`](crate::plugin::Error::Busy). Default 1,024.
    pub queue: usize,
    /// Remembered answers. Default 32 MiB; 0 remembers nothing.
    pub memo: usize,
    /// Node types of one plugin. Default 1,024.
    pub node_types: usize,
    /// Objects that one node may render. Default 256; as many entries of `observe`.
    pub objects: usize,
    /// Findings of one answer. Default 256; as many notes.
    pub findings: usize,
}

/// How often the deadlines of running calls are looked at. Never early; late by one of these, and by what the
/// machine takes to wake a thread.
pub const TICK: Duration = Duration::from_millis(1);

impl Default for Limits {
    fn default() -> Self {
        Self {
            component: 8 * MIB,
            function: 256 * KIB,
            memory: 64 * MIB,
            table_elements: 20_000,
            stack: 512 * KIB,
            deadline: Duration::from_millis(500),
            input: 4 * MIB,
            output: 4 * MIB,
            workers: thread::available_parallelism().map_or(1, NonZero::get),
            queue: 1024,
            memo: 32 * MIB,
            node_types: 1024,
            objects: 256,
            findings: 256,
        }
    }
}
