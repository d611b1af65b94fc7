//! Reading and shaping JSON objects by path, without panics.

use serde_json::{Map, Value};

/// The string at a JSON pointer, or `""`.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The integer at a JSON pointer.
pub(crate) fn int(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The boolean at a JSON pointer, or `false`.
pub(crate) fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// The array at a JSON pointer, or an empty one.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The object at a JSON pointer.
pub(crate) fn map<'a>(value: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    value.pointer(pointer).and_then(Value::as_object)
}

/// The object at `path`, made where it is missing or something else.
pub(crate) fn object<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    let own = as_object(value);
    match path.split_first() {
        None => own,
        Some((head, rest)) => object(own.entry((*head).to_owned()).or_insert(Value::Null), rest),
    }
}

fn as_object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(own) => own,
        _ => unreachable!("made an object above"),
    }
}

/// Sets the field at `path`, making the objects on the way.
pub(crate) fn put(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    if let Some((last, parents)) = path.split_last() {
        object(value, parents).insert((*last).to_owned(), new.into());
    }
}

/// Sets the field at `path` unless it holds something.
pub(crate) fn put_default(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    if let Some((last, parents)) = path.split_last() {
        let parent = object(value, parents);
        if parent.get(*last).is_none_or(Value::is_null) {
            parent.insert((*last).to_owned(), new.into());
        }
    }
}

/// Takes the field at `path` out, if it is there.
pub(crate) fn remove(value: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let parent = parents.iter().try_fold(value, |at, key| at.get_mut(*key))?;
    parent.as_object_mut()?.shift_remove(*last)
}

/// `metadata.name`.
pub(crate) fn name(value: &Value) -> &str {
    text(value, "/metadata/name")
}

/// `metadata.namespace`, `""` for cluster-scoped objects.
pub(crate) fn namespace(value: &Value) -> &str {
    text(value, "/metadata/namespace")
}

/// `metadata.uid`.
pub(crate) fn uid(value: &Value) -> &str {
    text(value, "/metadata/uid")
}

/// Whether deletion was asked for.
pub(crate) fn terminating(value: &Value) -> bool {
    !text(value, "/metadata/deletionTimestamp").is_empty()
}

/// The owner reference with `controller: true`.
pub(crate) fn controller_of(value: &Value) -> Option<&Value> {
    list(value, "/metadata/ownerReferences").iter().find(|owner| flag(owner, "/controller"))
}

/// The entry of a condition list with this type.
pub(crate) fn condition<'a>(value: &'a Value, kind: &str) -> Option<&'a Value> {
    list(value, "/status/conditions").iter().find(|entry| text(entry, "/type") == kind)
}

/// Parses `5`, `"5"` or a percentage of `total`; percentages round up when `up`.
pub(crate) fn int_or_percent(value: Option<&Value>, total: i64, up: bool) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(raw) => {
            let percent = raw.strip_suffix('%')?.parse::<i64>().ok()?;
            let scaled = percent.checked_mul(total)?;
            Some(if up { (scaled + 99) / 100 } else { scaled / 100 })
        }
        _ => None,
    }
}
