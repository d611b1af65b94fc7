//! What belongs to one instance: its meter, its log, the tree that it reads.

use std::sync::Arc;

use super::limits::Budget;
use super::log::Lines;
use super::meter::Meter;
use super::tree::Reader;

/// The state of a store.
pub(super) struct State {
    pub(super) meter: Meter,
    pub(super) lines: Lines,
    pub(super) reader: Option<Reader>,
    host_calls: u32,
}

/// A host function's refusal, as an error that ends the call.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the limit {0} is passed")]
pub(super) struct Exceeded(pub(super) &'static str);

impl State {
    pub(super) fn new(plugin: &Arc<str>, budget: &Budget, table_elements: usize) -> Self {
        Self {
            meter: Meter::new(budget.memory, table_elements),
            lines: Lines::new(Arc::clone(plugin)),
            reader: None,
            host_calls: budget.host_calls,
        }
    }

    /// Before another call on the same instance. What a tree has given stays counted: its bound is the job's.
    pub(super) fn next_call(&mut self, budget: &Budget) {
        self.lines.clear();
        self.host_calls = budget.host_calls;
    }

    /// Counts a call from the guest.
    pub(super) fn host_call(&mut self) -> Result<(), Exceeded> {
        self.host_calls = self.host_calls.checked_sub(1).ok_or(Exceeded("host calls"))?;
        Ok(())
    }
}
