//! Which records a list reads, in which order and how many.

use std::marker::PhantomData;
use std::ops::Bound;

use super::key::{Builder, Key, end_of};
use super::record::{Index, Record};
use crate::page::Page;
use crate::store::Table;

/// A description of a list; nothing is read until a [`Reader`](super::Reader) gets it.
#[derive(Debug, Clone)]
pub struct Query<T> {
    pub(super) table: Table,
    pub(super) indexed: bool,
    prefix: Builder,
    from: Bound<Vec<u8>>,
    until: Option<Vec<u8>>,
    pub(super) reverse: bool,
    pub(super) offset: usize,
    pub(super) limit: usize,
    owner: PhantomData<fn() -> T>,
}

impl<T: Record> Query<T> {
    /// The most records that one list may return.
    pub const MAX: usize = 10_000;

    /// All records by key.
    pub fn all() -> Self {
        Self::over(T::TABLE, false)
    }

    /// The records of an index by its key; records with equal keys by their own.
    pub fn by(index: Index<T>) -> Self {
        Self::over(index.table, true)
    }

    fn over(table: Table, indexed: bool) -> Self {
        Self {
            table,
            indexed,
            prefix: Builder::default(),
            from: Bound::Unbounded,
            until: None,
            reverse: false,
            offset: 0,
            limit: Self::MAX,
            owner: PhantomData,
        }
    }

    /// Only keys that start with these parts; repeated calls append.
    #[must_use]
    pub fn prefix(mut self, parts: &(impl Key + ?Sized)) -> Self {
        self.prefix = self.prefix.part(parts);
        self
    }

    /// Only keys whose next part is a text that starts so; the last part of a prefix.
    #[must_use]
    pub fn text_prefix(mut self, text: &str) -> Self {
        self.prefix = self.prefix.text_prefix(text);
        self
    }

    /// Only keys from here on, included. The parts follow the prefix: set that first.
    #[must_use]
    pub fn from(mut self, parts: &impl Key) -> Self {
        self.from = Bound::Included(self.prefix.clone().part(parts).finish());
        self
    }

    /// Only keys after those that start with these parts: where the page before ended.
    #[must_use]
    pub fn after(mut self, parts: &impl Key) -> Self {
        // Past the last possible key there is nothing: an excluded copy of the key itself says so too.
        let parts = self.prefix.clone().part(parts).finish();
        self.from = end_of(&parts).map_or(Bound::Excluded(parts), Bound::Included);
        self
    }

    /// Only keys before this one.
    #[must_use]
    pub fn until(mut self, parts: &impl Key) -> Self {
        self.until = Some(self.prefix.clone().part(parts).finish());
        self
    }

    /// From the end.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// At most so many, and never more than [`Query::MAX`].
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit.min(Self::MAX);
        self
    }

    /// A window.
    #[must_use]
    pub fn page(mut self, page: Page) -> Self {
        self.offset = page.offset;
        self.limit(page.limit)
    }

    /// The bounds as bytes.
    pub(super) fn bounds(&self) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
        let prefix = self.prefix.clone().finish();
        let end = end_of(&prefix);
        let from = match &self.from {
            Bound::Unbounded => Bound::Included(prefix),
            bound => bound.clone(),
        };
        let to = match (&self.until, end) {
            (Some(until), Some(end)) => Bound::Excluded(until.clone().min(end)),
            (Some(until), None) => Bound::Excluded(until.clone()),
            (None, Some(end)) => Bound::Excluded(end),
            (None, None) => Bound::Unbounded,
        };
        (from, to)
    }
}
