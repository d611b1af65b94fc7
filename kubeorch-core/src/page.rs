//! Bounds of a list answer.

/// A window on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many items to leave out first.
    pub offset: usize,
    /// How many items at most.
    pub limit: usize,
}

impl Page {
    /// A window whose bounds are pulled into the allowed range by the caller's rule.
    pub fn new(offset: usize, limit: usize) -> Self {
        Self { offset, limit }
    }

    /// Page `number` (from 1) of `limit` items.
    pub fn numbered(number: usize, limit: usize) -> Self {
        Self { offset: number.saturating_sub(1).saturating_mul(limit), limit }
    }
}

/// A window's items and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items inside the window.
    pub items: Vec<T>,
    /// All items, inside the window or not.
    pub total: usize,
}
