//! Strategic merge patch: merge patch with keyed lists and `$` directives.

use serde_json::{Map, Value};

use crate::api::status::Status;
use crate::apply::Shape;
use crate::value::text;

/// Lays `patch` over `live`. Lists with keys merge by their first key, as `patchMergeKey` does;
/// sets unite; every other list is replaced.
pub(crate) fn strategic_merge(live: &Value, patch: &Value, shape: &Shape) -> Result<Value, Status> {
    match (live, patch) {
        (Value::Object(live), Value::Object(patch)) => object(live, patch, shape),
        (_, Value::Object(patch)) => object(&Map::new(), patch, shape),
        _ => Ok(patch.clone()),
    }
}

fn object(live: &Map<String, Value>, patch: &Map<String, Value>, shape: &Shape) -> Result<Value, Status> {
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut whole = patch.clone();
            whole.shift_remove("$patch");
            return Ok(Value::Object(whole));
        }
        Some("delete") => return Ok(Value::Object(Map::new())),
        Some("merge") | None => {}
        Some(other) => return Err(Status::bad_request(format!("unknown $patch directive: {other}"))),
    }
    let mut out = live.clone();
    if let Some(Value::Array(keep)) = patch.get("$retainKeys") {
        out.retain(|name, _| keep.iter().any(|kept| kept.as_str() == Some(name)));
    }
    for (name, value) in patch {
        if name == "$patch" || name == "$retainKeys" || name.starts_with("$setElementOrder/") {
            continue;
        }
        if let Some(target) = name.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(items)), Value::Array(gone)) = (out.get_mut(target), value) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if value.is_null() {
            out.shift_remove(name);
            continue;
        }
        // Atomicity is a notion of apply: here every object merges field by field.
        let child = match shape.child(name) {
            Shape::Atomic => &Shape::PLAIN,
            other => other,
        };
        let order = patch.get(&format!("$setElementOrder/{name}"));
        let was = out.get(name).cloned().unwrap_or(Value::Null);
        let new = match value {
            Value::Array(items) => list(was.as_array().map_or(&[][..], Vec::as_slice), items, child, order)?,
            other => strategic_merge(&was, other, child)?,
        };
        out.insert(name.clone(), new);
    }
    for (name, order) in patch {
        // An order without changes to the list itself still orders it.
        if let Some(target) = name.strip_prefix("$setElementOrder/")
            && !patch.contains_key(target)
            && let Some(Value::Array(items)) = out.get_mut(target)
            && let Shape::Keyed(keys, _) = shape.child(target)
        {
            sort(items, keys[0].name, order);
        }
    }
    Ok(Value::Object(out))
}

fn list(live: &[Value], patch: &[Value], shape: &Shape, order: Option<&Value>) -> Result<Value, Status> {
    match shape {
        Shape::Keyed(keys, inner) => {
            let key = keys[0].name;
            if patch.iter().any(|item| item.is_object() && text(item, "/$patch") == "replace") {
                let rest = patch.iter().filter(|item| text(item, "/$patch") != "replace").cloned();
                return Ok(Value::Array(rest.collect()));
            }
            let mut out = live.to_vec();
            for item in patch {
                let Some(id) = item.get(key) else {
                    return Err(Status::bad_request(format!(
                        "map: {item} does not contain declared merge key: {key}"
                    )));
                };
                if text(item, "/$patch") == "delete" {
                    out.retain(|was| was.get(key) != Some(id));
                    continue;
                }
                match out.iter_mut().find(|was| was.get(key) == Some(id)) {
                    Some(was) => *was = strategic_merge(was, item, inner)?,
                    None => out.push(strategic_merge(&Value::Null, item, inner)?),
                }
            }
            if let Some(order) = order {
                sort(&mut out, key, order);
            }
            Ok(Value::Array(out))
        }
        Shape::Set => {
            let mut out = live.to_vec();
            out.extend(patch.iter().filter(|item| !live.contains(item)).cloned());
            Ok(Value::Array(out))
        }
        _ => Ok(Value::Array(patch.to_vec())),
    }
}

/// Brings items into the order the patch lists; those it doesn't list keep their place at the end.
fn sort(items: &mut [Value], key: &str, order: &Value) {
    let Some(order) = order.as_array() else { return };
    items.sort_by_key(|item| {
        order.iter().position(|wanted| wanted.get(key) == item.get(key)).unwrap_or(usize::MAX)
    });
}
