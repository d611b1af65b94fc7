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

/// Compares an object with what it would become. Everything in a Secret's data and every value of an `env`
/// list is masked: it may have been given at run time, now or earlier, and nothing on the object tells.
pub(super) fn changes(old: &Object, new: &Object) -> Vec<FieldChange> {
    let mut walk = Walk { out: Vec::new(), secret: is_secret(new) || is_secret(old) };
    walk.maps(&strip(old), &strip(new), "", Mask::Root);
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

/// What of a value may be seen, by where it stands.
#[derive(Clone, Copy, PartialEq)]
enum Mask {
    /// The object itself.
    Root,
    /// Seen, but for `env` lists further down.
    Open,
    /// An `env` list or an entry of it: names are seen, values are not.
    Env,
    /// Nothing.
    All,
}

struct Walk {
    out: Vec<FieldChange>,
    secret: bool,
}

impl Walk {
    /// What holds for a member.
    fn below(&self, mask: Mask, name: &str) -> Mask {
        match (mask, name) {
            (Mask::All, _) | (Mask::Env, "value") => Mask::All,
            (Mask::Root, "data" | "stringData") if self.secret => Mask::All,
            (_, "env") => Mask::Env,
            _ => Mask::Open,
        }
    }

    fn maps(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, path: &str, mask: Mask) {
        let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            let below = self.below(mask, name);
            self.values(old.get(name), new.get(name), &join(path, name), below);
        }
    }

    fn values(&mut self, old: Option<&Value>, new: Option<&Value>, path: &str, mask: Mask) {
        match (old, new) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => self.maps(old, new, path, mask),
            (Some(Value::Array(old)), Some(Value::Array(new))) => self.arrays(old, new, path, mask),
            (old, new) => {
                let shown = |value: &Value| self.shown(value, mask);
                let change = FieldChange { path: path.to_owned(), old: old.map(shown), new: new.map(shown) };
                self.out.push(change);
            }
        }
    }

    fn arrays(&mut self, old: &[Value], new: &[Value], path: &str, mask: Mask) {
        let named = |items: &[Value]| items.iter().all(|item| name_of(item).is_some());
        if !named(old) || !named(new) {
            for at in 0..old.len().max(new.len()) {
                self.values(old.get(at), new.get(at), &format!("{path}[{at}]"), mask);
            }
            return;
        }
        let find = |items: &[Value], name: &str| items.iter().position(|item| name_of(item) == Some(name));
        for item in old {
            let name = name_of(item).unwrap_or_default();
            let other = find(new, name).map(|at| &new[at]);
            self.values(Some(item), other, &format!("{path}[{name}]"), mask);
        }
        for item in new {
            let name = name_of(item).unwrap_or_default();
            if find(old, name).is_none() {
                self.values(None, Some(item), &format!("{path}[{name}]"), mask);
            }
        }
    }

    /// A copy of a value with everything masked that must not be seen, however deep.
    fn shown(&self, value: &Value, mask: Mask) -> Value {
        if mask == Mask::All {
            return Value::from(MASK);
        }
        match value {
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| (name.clone(), self.shown(value, self.below(mask, name))))
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(items) => items.iter().map(|item| self.shown(item, mask)).collect(),
            other => other.clone(),
        }
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

    fn check(kind: &str, old: Value, new: Value, expected: &Value) {
        let object = |mut value: Value| {
            value["apiVersion"] = "v1".into();
            value["kind"] = kind.into();
            value["metadata"]["name"] = "x".into();
            Object::new(value).unwrap()
        };
        let found = changes(&object(old), &object(new));
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
            &json!([
                { "path": "spec.containers[a].image", "old": "x:1", "new": "x:2" },
                { "path": "spec.n", "new": 0 },
            ]),
        );
    }

    #[test]
    fn a_secret_shows_names_only_whatever_the_keys_look_like() {
        check(
            "Secret",
            json!({ "data": { "K": "b2xk", "tls.key": "b2xk" } }),
            json!({ "data": { "K": "bmV3", "tls.key": "bmV3", "L": "eA==" } }),
            &json!([
                { "path": "data.K", "old": MASK, "new": MASK },
                { "path": "data[tls.key]", "old": MASK, "new": MASK },
                { "path": "data.L", "new": MASK },
            ]),
        );
        check(
            "Secret",
            json!({}),
            json!({ "stringData": { "K": "plain" } }),
            &json!([{ "path": "stringData", "new": MASK }]),
        );
    }

    #[test]
    fn environment_values_are_masked_at_any_depth() {
        let with = |env: Value| json!({ "spec": { "c": [{ "name": "w", "env": env }] } });
        let entry = |value: &str| json!([{ "name": "A", "value": value }]);
        check(
            "Pod",
            with(entry("hush")),
            with(entry("quiet")),
            &json!([{ "path": "spec.c[w].env[A].value", "old": MASK, "new": MASK }]),
        );
        // The first entry, the last entry, a whole new container.
        let bare = json!({ "spec": { "c": [{ "name": "w" }] } });
        let masked = json!([{ "name": "A", "value": MASK }]);
        check("Pod", bare.clone(), with(entry("hush")), &json!([{ "path": "spec.c[w].env", "new": masked }]));
        check("Pod", with(entry("hush")), bare, &json!([{ "path": "spec.c[w].env", "old": masked }]));
        check(
            "Pod",
            json!({}),
            with(entry("hush")),
            &json!([{ "path": "spec", "new": { "c": [{ "name": "w", "env": masked }] } }]),
        );
    }
}
