//! What an apply would change in an object, field by field, without showing a secret.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::manifest::Object;

/// What the server writes by itself; a difference here is nobody's change.
const SERVER_OWNED: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/// The most changes listed for one object; more are counted in a last entry.
const MAX_CHANGES: usize = 200;

/// Shown instead of a value that must not be seen.
const MASK: &str = "(sensitive)";

/// One changed field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Dotted path; list entries by name where they have one: `spec.containers[web].image`.
    pub path: String,
    /// Before; absent for a new field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// After; absent for a removed field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// Compares an object with what it would become. `template` is the object with its run-time leaves still
/// open: what stands at such a place, and everything in a Secret's data, is masked.
pub(super) fn changes(old: &Object, new: &Object, sensitive: bool) -> Vec<FieldChange> {
    let mut walk = Walk { out: Vec::new(), mask_all: is_secret(new), sensitive };
    walk.maps(&strip(old), &strip(new), "");
    walk.finish()
}

fn is_secret(object: &Object) -> bool {
    let kind = object.kind();
    kind.group().is_empty() && kind.kind == "Secret"
}

/// Without status and what the server owns.
fn strip(object: &Object) -> Map<String, Value> {
    let mut map = object.as_map().clone();
    map.shift_remove("status");
    if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
        for member in SERVER_OWNED {
            metadata.shift_remove(member);
        }
    }
    map
}

struct Walk {
    out: Vec<FieldChange>,
    mask_all: bool,
    sensitive: bool,
}

impl Walk {
    fn maps(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, path: &str) {
        let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            self.values(old.get(name), new.get(name), &join(path, name));
        }
    }

    fn values(&mut self, old: Option<&Value>, new: Option<&Value>, path: &str) {
        match (old, new) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => self.maps(old, new, path),
            (Some(Value::Array(old)), Some(Value::Array(new))) => self.arrays(old, new, path),
            (old, new) => self.leaf(old, new, path),
        }
    }

    fn arrays(&mut self, old: &[Value], new: &[Value], path: &str) {
        let named = |items: &[Value]| items.iter().all(|item| name_of(item).is_some());
        if !named(old) || !named(new) {
            for at in 0..old.len().max(new.len()) {
                self.values(old.get(at), new.get(at), &format!("{path}[{at}]"));
            }
            return;
        }
        let find = |items: &[Value], name: &str| items.iter().position(|item| name_of(item) == Some(name));
        for item in old {
            let name = name_of(item).unwrap_or_default();
            let other = find(new, name).map(|at| &new[at]);
            self.values(Some(item), other, &format!("{path}[{name}]"));
        }
        for item in new {
            let name = name_of(item).unwrap_or_default();
            if find(old, name).is_none() {
                self.values(None, Some(item), &format!("{path}[{name}]"));
            }
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>, path: &str) {
        let data = path.starts_with("data.") || path.starts_with("stringData.") || path == "data";
        // A value of `env` may have been given at run time; names are shown, values are not.
        let env = self.sensitive && path.contains(".env[");
        let mask = (self.mask_all && data) || env;
        let shown = |value: &Value| if mask { Value::from(MASK) } else { value.clone() };
        self.out.push(FieldChange { path: path.to_owned(), old: old.map(shown), new: new.map(shown) });
    }

    fn finish(mut self) -> Vec<FieldChange> {
        let more = self.out.len().saturating_sub(MAX_CHANGES);
        if more > 0 {
            self.out.truncate(MAX_CHANGES);
            self.out.push(FieldChange { path: format!("… and {more} more"), old: None, new: None });
        }
        self.out
    }
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

fn join(path: &str, name: &str) -> String {
    match (path.is_empty(), name.contains(['.', '/'])) {
        (true, _) => name.to_owned(),
        (false, false) => format!("{path}.{name}"),
        (false, true) => format!("{path}[{name}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, old: Value, new: Value, sensitive: bool, expected: &Value) {
        let object = |mut value: Value| {
            value["apiVersion"] = "v1".into();
            value["kind"] = kind.into();
            value["metadata"]["name"] = "x".into();
            Object::new(value).unwrap()
        };
        let found = changes(&object(old), &object(new), sensitive);
        assert_eq!(&serde_json::to_value(found).unwrap(), expected);
    }

    #[test]
    fn lists_are_compared_by_name_and_server_fields_are_left_out() {
        check(
            "Pod",
            json!({ "metadata": { "resourceVersion": "1" }, "status": { "a": 1 },
                    "spec": { "containers": [{ "name": "a", "image": "x:1" }, { "name": "b" }] } }),
            json!({ "metadata": { "resourceVersion": "2" },
                    "spec": { "containers": [{ "name": "b" }, { "name": "a", "image": "x:2" }], "n": 0 } }),
            false,
            &json!([
                { "path": "spec.containers[a].image", "old": "x:1", "new": "x:2" },
                { "path": "spec.n", "new": 0 },
            ]),
        );
    }

    #[test]
    fn secrets_and_run_time_environment_values_are_masked() {
        check(
            "Secret",
            json!({ "data": { "K": "b2xk" } }),
            json!({ "data": { "K": "bmV3", "L": "eA==" } }),
            false,
            &json!([
                { "path": "data.K", "old": MASK, "new": MASK },
                { "path": "data.L", "new": MASK },
            ]),
        );
        let env = |value: &str| json!({ "spec": { "c": [{ "name": "w", "env": [{ "name": "A", "value": value }] }] } });
        check(
            "Pod",
            env("hush"),
            env("quiet"),
            true,
            &json!([{ "path": "spec.c[w].env[A].value", "old": MASK, "new": MASK }]),
        );
    }
}
