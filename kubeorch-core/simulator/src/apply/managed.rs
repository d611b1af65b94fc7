//! The entries of `metadata.managedFields`.

use serde_json::{Value, json};

use super::{Fields, Shape};
use crate::value::{list, object, text};

/// How a manager came to own its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// One manager's fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    pub(crate) api_version: String,
    pub(crate) time: String,
    pub(crate) subresource: String,
    pub(crate) fields: Fields,
}

impl Entry {
    /// Whether both stand for the same manager acting the same way.
    pub(crate) fn same_owner(&self, other: &Self) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
    }
}

/// Reads the entries of an object.
pub(crate) fn read(object: &Value) -> Vec<Entry> {
    list(object, "/metadata/managedFields")
        .iter()
        .map(|entry| Entry {
            manager: text(entry, "/manager").to_owned(),
            operation: if text(entry, "/operation") == "Apply" {
                Operation::Apply
            } else {
                Operation::Update
            },
            api_version: text(entry, "/apiVersion").to_owned(),
            time: text(entry, "/time").to_owned(),
            subresource: text(entry, "/subresource").to_owned(),
            fields: entry.get("fieldsV1").map(Fields::from_json).unwrap_or_default(),
        })
        .collect()
}

/// Writes the entries, without those that own nothing; applies first, then by time, as the server
/// orders them.
pub(crate) fn write(target: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| {
        let rank = |entry: &Entry| u8::from(entry.operation == Operation::Update);
        (rank(a), &a.time, &a.manager).cmp(&(rank(b), &b.time, &b.manager))
    });
    let entries: Vec<_> = entries.iter().map(to_json).collect();
    let meta = object(target, &["metadata"]);
    if entries.is_empty() {
        meta.shift_remove("managedFields");
    } else {
        meta.insert("managedFields".to_owned(), Value::Array(entries));
    }
}

fn to_json(entry: &Entry) -> Value {
    let mut out = json!({
        "manager": entry.manager,
        "operation": if entry.operation == Operation::Apply { "Apply" } else { "Update" },
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": entry.fields.to_json(),
    });
    if !entry.subresource.is_empty() {
        out["subresource"] = json!(entry.subresource);
    }
    out
}

/// The paths of an object that managers own: without what the server itself sets.
pub(crate) fn owned(value: &Value, shape: &Shape) -> Fields {
    let mut fields = Fields::of(value, shape);
    strip(&mut fields);
    fields
}

fn strip(fields: &mut Fields) {
    fields.member = false;
    for name in ["f:apiVersion", "f:kind"] {
        fields.remove(&[name]);
    }
    for name in [
        "f:name",
        "f:namespace",
        "f:uid",
        "f:resourceVersion",
        "f:generation",
        "f:creationTimestamp",
        "f:selfLink",
        "f:managedFields",
        "f:deletionTimestamp",
        "f:deletionGracePeriodSeconds",
    ] {
        fields.remove(&["f:metadata", name]);
    }
    if fields.children.get("f:metadata").is_some_and(Fields::is_empty) {
        fields.children.remove("f:metadata");
    }
    if let Some(meta) = fields.children.get_mut("f:metadata") {
        meta.member = false;
        if meta.is_empty() {
            fields.children.remove("f:metadata");
        }
    }
}

/// Moves ownership after a write that was no apply: what changed now belongs to `writer`, what is
/// gone belongs to nobody.
pub(crate) fn track(live: Option<&Value>, new: &Value, shape: &Shape, writer: Entry) -> Vec<Entry> {
    let mut entries = live.map(read).unwrap_or_default();
    let after = owned(new, shape);
    let mut changed = Fields::default();
    if let Some(live) = live {
        let before = owned(live, shape);
        let removed = before.difference(&after);
        diff(live, new, shape, &mut changed);
        strip(&mut changed);
        for entry in &mut entries {
            entry.fields = entry.fields.difference(&removed);
            if !entry.same_owner(&writer) {
                entry.fields = entry.fields.difference(&changed);
            }
        }
    } else {
        changed = after;
    }
    if changed.is_empty() {
        return entries;
    }
    match entries.iter_mut().find(|entry| entry.same_owner(&writer)) {
        Some(own) => {
            own.fields.union(&changed);
            own.time = writer.time;
            own.api_version = writer.api_version;
        }
        None => entries.push(Entry { fields: changed, ..writer }),
    }
    entries
}

/// The paths added or given another value.
fn diff(old: &Value, new: &Value, shape: &Shape, found: &mut Fields) {
    if old == new {
        return;
    }
    match (old, new, shape) {
        (Value::Object(before), Value::Object(after), Shape::Fields(_)) if !after.is_empty() => {
            for (name, value) in after {
                let key = format!("f:{name}");
                let child = shape.child(name);
                let mut inner = Fields::default();
                match before.get(name) {
                    Some(was) => diff(was, value, child, &mut inner),
                    None => inner = Fields::of(value, child),
                }
                if !inner.is_empty() {
                    found.children.insert(key, inner);
                }
            }
        }
        (Value::Array(before), Value::Array(after), Shape::Keyed(keys, item)) if !after.is_empty() => {
            for value in after {
                let key = super::fields::item_key(value, keys);
                let was = before.iter().find(|was| super::fields::item_key(was, keys) == key);
                let mut inner = Fields::default();
                if let Some(was) = was {
                    diff(was, value, item, &mut inner);
                } else {
                    inner = Fields::of(value, item);
                    inner.member = true;
                }
                if !inner.is_empty() {
                    found.children.insert(key, inner);
                }
            }
        }
        (Value::Array(before), Value::Array(after), Shape::Set) if !after.is_empty() => {
            for value in after.iter().filter(|value| !before.contains(value)) {
                found.children.insert(format!("v:{value}"), Fields::leaf());
            }
        }
        _ => *found = Fields::of(new, shape),
    }
}
