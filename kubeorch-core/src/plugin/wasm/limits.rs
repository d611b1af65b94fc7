//! What a plugin may use.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

use super::call::Export;
use crate::plugin::World;

/// Bounds of the host and of every call. All sizes are bytes unless they say otherwise; those of a call that stand
/// here are for node types, the other worlds have a [`Budget`] each.
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
    /// One call into a step. Default 64 MiB of memory, 500 ms, 4 MiB in and out, 1,000 host calls.
    pub step: Budget,
    /// One call into an import analyzer. Default 256 MiB of memory, 5 s, 256 KiB in, 8 MiB out, 200,000 host calls.
    pub analyzer: Budget,
    /// One call into a fix template. Default 64 MiB of memory, 500 ms, 4 MiB in, 2 MiB out, 1,000 host calls.
    pub fix: Budget,
    /// Wall-clock time of `detect`, which looks at names first. Default 500 ms.
    pub detect: Duration,
    /// Bytes that one import job may read of its tree, listed paths too. Default 256 MiB.
    pub tree: u64,
    /// Import jobs that are open at once; each keeps its instance. Default 8.
    pub jobs: u32,
    /// Nodes of one analysis, and a tenth of its edges. Default 5,000.
    pub nodes: usize,
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
            step: Budget::STEP,
            analyzer: Budget::ANALYZER,
            fix: Budget::FIX,
            detect: Duration::from_millis(500),
            tree: 256 * MIB as u64,
            jobs: 8,
            nodes: 5_000,
        }
    }
}

impl Limits {
    /// What a call into an export may use.
    pub(super) fn budget(&self, world: World, export: Export) -> Budget {
        let budget = match world {
            World::NodeTypes => Budget {
                memory: self.memory,
                deadline: self.deadline,
                input: self.input,
                output: self.output,
                host_calls: 0,
                // It is lent none, and may make a few among its own parts.
                handles: 64,
            },
            World::Step => self.step,
            World::ImportAnalyzer => self.analyzer,
            World::FixTemplate => self.fix,
        };
        match export {
            Export::Detect | Export::DescribeAnalyzer => Budget { deadline: self.detect, ..budget },
            _ => budget,
        }
    }

    /// The most linear memory that any call may have.
    pub(super) fn largest_memory(&self) -> usize {
        self.memory.max(self.step.memory).max(self.analyzer.memory).max(self.fix.memory)
    }
}

/// Bounds of one call into a plugin of some world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Wall-clock time.
    pub deadline: Duration,
    /// Request, in bytes.
    pub input: usize,
    /// Answer, and each text that a guest passes to the host, in bytes.
    pub output: usize,
    /// Calls from the guest to the host.
    pub host_calls: u32,
    /// Component-model handles that live at once.
    pub handles: usize,
}

impl Budget {
    /// Of steps: a request has no more than a flow carries.
    const STEP: Self = Self {
        memory: 64 * MIB,
        deadline: Duration::from_millis(500),
        input: 4 * MIB,
        output: 4 * MIB,
        host_calls: 1_000,
        handles: 64,
    };

    /// Of import analyzers: they read a lot, page by page, and write little.
    const ANALYZER: Self = Self {
        memory: 256 * MIB,
        deadline: Duration::from_secs(5),
        input: 256 * KIB,
        output: 8 * MIB,
        host_calls: 200_000,
        handles: 1_024,
    };

    /// Of fixes: facts with logs and events come in, findings and patches go out.
    const FIX: Self = Self {
        memory: 64 * MIB,
        deadline: Duration::from_millis(500),
        input: 4 * MIB,
        output: 2 * MIB,
        host_calls: 1_000,
        handles: 64,
    };
}
