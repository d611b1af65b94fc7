//! An object under construction.

use serde_json::{Map, Value};

/// A JSON object that is built member by member, in the order of the calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree(Map<String, Value>);

impl Tree {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more member. Zero and `false` are values like any other.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.put(key, value.into());
        self
    }

    /// Not generic: compiled once, and not for every type of value.
    fn put(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    /// One more member, when there is a value.
    #[must_use]
    pub fn set_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// One more member, unless the value is an empty object or an empty list.
    #[must_use]
    pub fn set_filled(self, key: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Object(map) if map.is_empty() => self,
            Value::Array(items) if items.is_empty() => self,
            value => self.set(key, value),
        }
    }

    /// All members of another one after its own; of a member that both have, the other's value.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Tree> for Value {
    fn from(tree: Tree) -> Self {
        Value::Object(tree.0)
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Tree {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        Self(members.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
