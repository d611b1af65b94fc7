//! A set of field paths, written as `fieldsV1`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Key, Shape};

/// A tree of paths. A node is a member of the set itself, or holds members below, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) member: bool,
    /// By path element as `fieldsV1` writes it: `f:name`, `k:{"name":"x"}`, `v:"x"`.
    pub(crate) children: BTreeMap<String, Fields>,
}

impl Fields {
    /// The paths a value holds: leaves, atomic parts and list items.
    pub(crate) fn of(value: &Value, shape: &Shape) -> Self {
        let mut set = Self::default();
        match (value, shape) {
            (Value::Object(map), Shape::Fields(_)) if !map.is_empty() => {
                for (name, child) in map {
                    set.children.insert(format!("f:{name}"), Self::of(child, shape.child(name)));
                }
            }
            (Value::Array(items), Shape::Keyed(keys, inner)) if !items.is_empty() => {
                for item in items {
                    let mut child = Self::of(item, inner);
                    child.member = true;
                    set.children.insert(item_key(item, keys), child);
                }
            }
            (Value::Array(items), Shape::Set) if !items.is_empty() => {
                for item in items {
                    set.children.insert(format!("v:{item}"), Self::leaf());
                }
            }
            _ => set.member = true,
        }
        set
    }

    pub(crate) fn leaf() -> Self {
        Self { member: true, children: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// What is in both.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(key, child)| {
            let both = child.intersection(other.children.get(key)?);
            (!both.is_empty()).then(|| (key.clone(), both))
        });
        Self { member: self.member && other.member, children: children.collect() }
    }

    /// What is here and not there.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(key, child)| {
            let rest = other.children.get(key).map_or_else(|| child.clone(), |there| child.difference(there));
            (!rest.is_empty()).then(|| (key.clone(), rest))
        });
        Self { member: self.member && !other.member, children: children.collect() }
    }

    /// What is here without anything at or below the members there: an atomic value taken over takes
    /// what was owned inside it.
    pub(crate) fn without(&self, other: &Self) -> Self {
        if other.member && other.children.is_empty() {
            return Self::default();
        }
        let children = self.children.iter().filter_map(|(key, child)| {
            let rest = other.children.get(key).map_or_else(|| child.clone(), |there| child.without(there));
            (!rest.is_empty()).then(|| (key.clone(), rest))
        });
        Self { member: self.member && !other.member, children: children.collect() }
    }

    /// What is in either.
    pub(crate) fn union(&mut self, other: &Self) {
        self.member |= other.member;
        for (key, child) in &other.children {
            self.children.entry(key.clone()).or_default().union(child);
        }
    }

    /// Takes a path out with all below.
    pub(crate) fn remove(&mut self, path: &[&str]) {
        match path {
            [] => *self = Self::default(),
            [last] => {
                self.children.remove(*last);
            }
            [head, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*head) {
                    child.remove(rest);
                    if child.is_empty() {
                        self.children.remove(*head);
                    }
                }
            }
        }
    }

    /// Every member as a path Kubernetes prints: `.spec.template.spec.containers[name="web"].image`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(String::new(), &mut found);
        found
    }

    fn collect(&self, at: String, found: &mut Vec<String>) {
        for (key, child) in &self.children {
            child.collect(format!("{at}{}", printed(key)), found);
        }
        if self.member {
            found.push(at);
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (key, child) in &self.children {
            map.insert(key.clone(), child.to_json());
        }
        Value::Object(map)
    }

    /// Reads `fieldsV1`; an empty object is a member.
    pub(crate) fn from_json(value: &Value) -> Self {
        let Some(map) = value.as_object().filter(|map| !map.is_empty()) else { return Self::leaf() };
        let mut set = Self::default();
        for (key, child) in map {
            if key == "." {
                set.member = true;
            } else {
                set.children.insert(key.clone(), Self::from_json(child));
            }
        }
        set
    }
}

/// The path element of an item in a keyed list.
pub(crate) fn item_key(item: &Value, keys: &[Key]) -> String {
    let mut sorted: Vec<_> = keys.iter().collect();
    sorted.sort_unstable_by_key(|key| key.name);
    let found: Map<_, _> = sorted
        .into_iter()
        .filter_map(|key| {
            let value = item.get(key.name).cloned().or_else(|| key.default.map(Value::from))?;
            Some((key.name.to_owned(), value))
        })
        .collect();
    format!("k:{}", Value::Object(found))
}

/// A path as strict decoding writes it (`spec.containers[0].imag`) the way apply prints it: items of keyed
/// lists by their keys.
pub(crate) fn printed_path(path: &str, object: &Value, shape: &Shape) -> String {
    let mut out = Vec::new();
    let (mut here, mut shape) = (Some(object), shape);
    for part in path.split_inclusive(['.', '[']).map(|part| part.trim_end_matches(['.', '['])) {
        match part.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => {
                let item = here.and_then(|list| list.get(index));
                match (item, shape) {
                    (Some(item), Shape::Keyed(keys, inner)) => {
                        out.push(printed(&item_key(item, keys)));
                        shape = inner;
                    }
                    _ => out.push(format!("[{index}]")),
                }
                here = item;
            }
            None if part.is_empty() => {}
            None => {
                out.push(format!(".{part}"));
                here = here.and_then(|map| map.get(part));
                shape = shape.child(part);
            }
        }
    }
    out.concat()
}

fn printed(key: &str) -> String {
    if let Some(name) = key.strip_prefix("f:") {
        return format!(".{name}");
    }
    if let Some(raw) = key.strip_prefix("k:")
        && let Ok(Value::Object(map)) = serde_json::from_str(raw)
    {
        let pairs: Vec<_> = map.iter().map(|(name, value)| format!("{name}={value}")).collect();
        return format!("[{}]", pairs.join(","));
    }
    key.strip_prefix("v:").map_or_else(|| key.to_owned(), |raw| format!("[={raw}]"))
}
