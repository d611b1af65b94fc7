//! Fields that others own: naming them, and leaving them out of what is applied.

use serde_json::Value;

use super::model::{Conflict, Resolution};
use crate::kube::Cause;
use crate::manifest::Object;
use crate::runs::MANAGER;

/// Conflicts with others, by manager and field. Those with ourselves under another operation are none: what we set with an update once is
/// ours.
pub(super) fn named(causes: &[Cause], resolution: Resolution) -> Vec<Conflict> {
    let mut all: Vec<_> = causes
        .iter()
        .filter(|cause| cause.manager != MANAGER)
        .map(|cause| Conflict { manager: cause.manager.clone(), field: cause.field.clone(), resolution })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Takes a field out of an object by its path as API servers write it (`.spec.containers[name="web"].image`); whether it was there.
pub(super) fn leave_out(object: &mut Object, path: &str) -> bool {
    let mut value = Value::Object(std::mem::take(object.as_map_mut()));
    let done = remove(&mut value, path);
    if let Value::Object(map) = value {
        *object.as_map_mut() = map;
    }
    done
}

fn remove(value: &mut Value, path: &str) -> bool {
    match value {
        Value::Object(map) => {
            let Some(path) = path.strip_prefix('.') else { return false };
            // Names are not quoted and may hold dots (`.metadata.labels.app.kubernetes.io/name`): the longest that fits is meant.
            let fits = |name: &str| {
                path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let name = map.keys().filter(|name| fits(name)).max_by_key(|name| name.len()).cloned();
            let Some(name) = name else { return false };
            let rest = &path[name.len()..];
            if rest.is_empty() {
                return map.shift_remove(&name).is_some();
            }
            map.get_mut(&name).is_some_and(|value| remove(value, rest))
        }
        Value::Array(items) => {
            let Some((selector, rest)) = selector(path) else { return false };
            // The closest, the first of equals.
            let fits = items.iter().enumerate().map(|(at, item)| (selector.fits(at, item), at));
            let best =
                fits.filter(|(fit, _)| *fit > 0).max_by_key(|(fit, at)| (*fit, std::cmp::Reverse(*at)));
            let Some((_, at)) = best else { return false };
            if rest.is_empty() {
                items.remove(at);
                return true;
            }
            remove(&mut items[at], rest)
        }
        _ => false,
    }
}

/// Which entry of a list.
enum Selector {
    /// `[0]`
    At(usize),
    /// `[="value"]`
    Value(Value),
    /// `[port=80,protocol="TCP"]`
    Keys(Vec<(String, Value)>),
}

impl Selector {
    /// How well an entry fits; 0 when it does not.
    fn fits(&self, at: usize, item: &Value) -> usize {
        match self {
            Self::At(wanted) => usize::from(*wanted == at),
            Self::Value(wanted) => usize::from(wanted == item),
            // The server fills in keys that have a default (a port's protocol) before it compares.
            Self::Keys(keys) => {
                let found = |(name, wanted): &(String, Value)| item.get(name).map(|value| value == wanted);
                let found: Vec<_> = keys.iter().filter_map(found).collect();
                if found.contains(&false) { 0 } else { found.len() }
            }
        }
    }
}

/// The selector at the beginning of a path, and the rest.
fn selector(path: &str) -> Option<(Selector, &str)> {
    let inner = path.strip_prefix('[')?;
    if let Some(value) = inner.strip_prefix('=') {
        let (value, rest) = json(value)?;
        return Some((Selector::Value(value), rest.strip_prefix(']')?));
    }
    let end = inner.find(']')?;
    if let Ok(at) = inner[..end].parse() {
        return Some((Selector::At(at), &inner[end + 1..]));
    }
    let (mut keys, mut rest) = (Vec::new(), inner);
    loop {
        let (name, value) = rest.split_once('=')?;
        let (value, after) = json(value)?;
        keys.push((name.to_owned(), value));
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some((Selector::Keys(keys), after.strip_prefix(']')?)),
        }
    }
}

/// The JSON value that a text begins with, and the rest.
fn json(text: &str) -> Option<(Value, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    Some((value, &text[values.byte_offset()..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_followed_as_api_servers_write_them() {
        let object = || {
            let metadata = json!({ "name": "web",
                "labels": { "app": "x", "app.kubernetes.io/name": "y", "app.kubernetes.io": "z" } });
            json!({ "apiVersion": "v1", "kind": "X", "metadata": metadata, "spec": {
                "replicas": 2, "args": ["a", "b"], "finalizers": ["f.io/x"],
                "containers": [{ "name": "web", "image": "i" }, { "name": "a]b", "image": "j" }],
                "ports": [{ "port": 80, "nodePort": 1 }, { "port": 80, "protocol": "UDP", "nodePort": 2 }] } })
        };
        for (path, pointer) in [
            (".spec.replicas", Some("/spec/replicas")),
            (".metadata.labels.app.kubernetes.io/name", Some("/metadata/labels/app.kubernetes.io~1name")),
            (".metadata.labels.app", Some("/metadata/labels/app")),
            (".spec.containers[name=\"web\"].image", Some("/spec/containers/0/image")),
            (".spec.containers[name=\"a]b\"].image", Some("/spec/containers/1/image")),
            (".spec.containers[name=\"web\"]", Some("/spec/containers/0")),
            (".spec.ports[port=80,protocol=\"UDP\"].nodePort", Some("/spec/ports/1/nodePort")),
            (".spec.ports[port=80,protocol=\"TCP\"].nodePort", Some("/spec/ports/0/nodePort")),
            (".spec.finalizers[=\"f.io/x\"]", Some("/spec/finalizers/0")),
            (".spec.args[1]", Some("/spec/args/1")),
            (".spec.nothing", None),
            (".spec.containers[name=\"db\"].image", None),
            (".spec.replicas.deeper", None),
            ("", None),
            ("spec", None),
            (".spec.containers[", None),
            (".spec.containers[name=", None),
        ] {
            let mut changed = Object::new(object()).unwrap();
            assert_eq!(leave_out(&mut changed, path), pointer.is_some(), "{path}");
            let mut expected = object();
            if let Some(pointer) = pointer {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                match expected.pointer_mut(parent).unwrap() {
                    Value::Object(map) => drop(map.shift_remove(&name.replace("~1", "/"))),
                    Value::Array(items) => drop(items.remove(name.parse().unwrap())),
                    _ => unreachable!(),
                }
            }
            assert_eq!(changed.into_value(), expected, "{path}");
        }
    }
}
