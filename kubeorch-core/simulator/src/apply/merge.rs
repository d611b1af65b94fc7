//! Applying one manager's wish to a live object.

use serde_json::{Map, Value};

use super::fields::item_key;
use super::managed::{self, Entry};
use super::{Fields, Shape};
use crate::api::status::{Cause, Status};

/// Merges `config` into `live` for the manager in `writer` and gives the object with its new
/// `managedFields`. Fields the manager applied before and leaves out now go, unless another manager
/// owns them too.
pub(crate) fn apply(
    live: Option<&Value>,
    config: &Value,
    shape: &Shape,
    writer: Entry,
    force: bool,
) -> Result<(Value, Vec<Entry>), Status> {
    let wanted = managed::owned(config, shape);
    let Some(live) = live else {
        return Ok((config.clone(), vec![Entry { fields: wanted, ..writer }]));
    };
    let mut entries = managed::read(live);
    let causes = conflicts(live, config, shape, &wanted, &entries, &writer);
    if !causes.is_empty() && !force {
        return Err(Status::apply_conflict(
            &causes.into_iter().map(|(cause, _, _)| cause).collect::<Vec<_>>(),
        ));
    }
    for (_, index, fields) in &causes {
        entries[*index].fields = entries[*index].fields.without(fields);
    }

    let mut result = merged(live, config, shape);
    let before = entries.iter().find(|entry| entry.same_owner(&writer)).map(|entry| entry.fields.clone());
    if let Some(before) = before {
        let mut kept = wanted.clone();
        for entry in entries.iter().filter(|entry| !entry.same_owner(&writer)) {
            kept.union(&entry.fields);
        }
        prune(&mut result, shape, &before, &kept);
    }
    match entries.iter_mut().find(|entry| entry.same_owner(&writer)) {
        Some(own) if own.fields == wanted => own.api_version = writer.api_version,
        Some(own) => *own = Entry { fields: wanted, ..writer },
        None => entries.push(Entry { fields: wanted, ..writer }),
    }
    Ok((result, entries))
}

/// Fields `config` would change although others own them: the cause, the owner's index, the fields.
fn conflicts(
    live: &Value,
    config: &Value,
    shape: &Shape,
    wanted: &Fields,
    entries: &[Entry],
    writer: &Entry,
) -> Vec<(Cause, usize, Fields)> {
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if entry.same_owner(writer) {
            continue;
        }
        let shared = wanted.intersection(&entry.fields);
        let differing = differing(Some(live), config, shape, &shared);
        for field in differing.paths() {
            let mut message = format!("conflict with {:?}", entry.manager);
            if !entry.subresource.is_empty() {
                message = format!("{message} with subresource {:?}", entry.subresource);
            }
            if entry.operation == managed::Operation::Update {
                message = format!("{message} using {}", entry.api_version);
            }
            let cause = Cause { reason: "FieldManagerConflict", message, field };
            found.push((cause, index, differing.clone()));
        }
    }
    found.sort_by(|a, b| a.0.field.cmp(&b.0.field));
    found
}

/// The members of `shared` whose values differ between the live object and the wish.
fn differing(live: Option<&Value>, config: &Value, shape: &Shape, shared: &Fields) -> Fields {
    let mut found = Fields::default();
    if shared.children.is_empty() {
        // An empty map or list wishes nothing about what others put into it.
        found.member = shared.member && live.is_none_or(|live| merged(live, config, shape) != *live);
        return found;
    }
    for (key, inner) in &shared.children {
        let Some((wish, child_shape)) = child(config, shape, key) else { continue };
        let had = live.and_then(|live| child(live, shape, key)).map(|(value, _)| value);
        let rest = match wish {
            // Set members have no value of their own.
            _ if key.starts_with("v:") => Fields::default(),
            wish => differing(had, wish, child_shape, inner),
        };
        if !rest.is_empty() {
            found.children.insert(key.clone(), rest);
        }
    }
    found
}

/// The part of a value a path element leads to.
fn child<'a>(value: &'a Value, shape: &Shape, key: &str) -> Option<(&'a Value, &'static Shape)> {
    if let Some(name) = key.strip_prefix("f:") {
        return Some((value.get(name)?, shape.child(name)));
    }
    match shape {
        Shape::Keyed(keys, inner) => {
            value.as_array()?.iter().find(|item| item_key(item, keys) == key).map(|item| (item, *inner))
        }
        _ => None,
    }
}

/// `config` laid over `live`. List items keep the live order, new ones come last.
fn merged(live: &Value, config: &Value, shape: &Shape) -> Value {
    match (live, config, shape) {
        (Value::Object(before), Value::Object(wish), Shape::Fields(_)) => {
            let mut out = before.clone();
            for (name, value) in wish {
                let new = match before.get(name) {
                    Some(was) => merged(was, value, shape.child(name)),
                    None => value.clone(),
                };
                out.insert(name.clone(), new);
            }
            Value::Object(out)
        }
        (Value::Array(before), Value::Array(wish), Shape::Keyed(keys, inner)) => {
            let mut out = before.clone();
            for value in wish {
                let key = item_key(value, keys);
                match out.iter_mut().find(|item| item_key(item, keys) == key) {
                    Some(item) => *item = merged(item, value, inner),
                    None => out.push(value.clone()),
                }
            }
            Value::Array(out)
        }
        (Value::Array(before), Value::Array(wish), Shape::Set) => {
            let mut out = before.clone();
            out.extend(wish.iter().filter(|value| !before.contains(value)).cloned());
            Value::Array(out)
        }
        _ => config.clone(),
    }
}

/// Takes out what `before` holds and `kept` doesn't.
fn prune(value: &mut Value, shape: &Shape, before: &Fields, kept: &Fields) {
    static NOTHING: Fields = Fields { member: false, children: std::collections::BTreeMap::new() };
    for (key, was) in &before.children {
        let keep = kept.children.get(key).unwrap_or(&NOTHING);
        if keep.is_empty() && was.member {
            take(value, shape, key);
            continue;
        }
        match value {
            Value::Object(map) => {
                let Some(name) = key.strip_prefix("f:") else { continue };
                let Some(inner) = map.get_mut(name) else { continue };
                prune(inner, shape.child(name), was, keep);
                if keep.is_empty() && is_hollow(inner) {
                    map.shift_remove(name);
                }
            }
            Value::Array(items) => {
                if let Shape::Keyed(keys, item_shape) = shape
                    && let Some(item) = items.iter_mut().find(|item| item_key(item, keys) == *key)
                {
                    prune(item, item_shape, was, keep);
                }
            }
            _ => {}
        }
    }
}

fn take(value: &mut Value, shape: &Shape, key: &str) {
    match value {
        Value::Object(map) => {
            if let Some(name) = key.strip_prefix("f:") {
                map.shift_remove(name);
            }
        }
        Value::Array(items) => match shape {
            Shape::Keyed(keys, _) => items.retain(|item| item_key(item, keys) != key),
            Shape::Set => items.retain(|item| format!("v:{item}") != key),
            _ => {}
        },
        _ => {}
    }
}

fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty() || map == &Map::new(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
