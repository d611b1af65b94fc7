//! Counts what a running guest asks for, and remembers the first thing that it was refused.

use wasmtime::ResourceLimiter;

use super::engine::{INSTANCES, MEMORIES, TABLES};

/// A refused growth is an ordinary answer to a guest, which most turn into an abort;
/// only this memory of it tells "out of memory" from a bug.
pub(super) struct Meter {
    memory: usize,
    table_elements: usize,
    elements: usize,
    peak: usize,
    refused: Option<&'static str>,
}

impl Meter {
    /// Bytes of linear memory, and elements of all tables.
    pub(super) fn new(memory: usize, table_elements: usize) -> Self {
        Self { memory, table_elements, elements: 0, peak: 0, refused: None }
    }

    /// Which limit stopped a growth.
    pub(super) fn refused(&self) -> Option<&'static str> {
        self.refused
    }

    /// The most linear memory that it had, in bytes.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    fn allow(&mut self, allowed: bool, limit: &'static str) -> bool {
        if !allowed {
            self.refused.get_or_insert(limit);
        }
        allowed
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = self.allow(desired <= self.memory, "memory");
        if allowed {
            self.peak = self.peak.max(desired);
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // A growth that fails later stays counted: the guest loses room that it could not use.
        let elements = self.elements.saturating_add(desired.saturating_sub(current));
        let allowed = self.allow(elements <= self.table_elements, "table");
        if allowed {
            self.elements = elements;
        }
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}
