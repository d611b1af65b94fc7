//! Where a value lies inside a node's data.

use std::fmt;

/// One step into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step<'a> {
    /// A member of an object.
    Member(&'a str),
    /// The item of an array whose member `key` is `value`.
    Item {
        /// `id` or `name`.
        key: &'static str,
        /// What it holds.
        value: &'a str,
    },
    /// The item at a place of an array, from 0.
    Index(usize),
}

/// A path inside a node's data, for people: `ports[0].port`, `env[name=DB_HOST].value`,
/// `labels[app.kubernetes.io/name]`. It is dotted, with brackets where a name has characters of its own
/// that would look like a path.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path<'a>(pub Vec<Step<'a>>);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) if !is_plain(name) => write!(f, "[{name}]")?,
                Step::Member(name) if at == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Item { key, value } => write!(f, "[{key}={value}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl serde::Serialize for Path<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_control() || ".[]= ".contains(letter))
}
