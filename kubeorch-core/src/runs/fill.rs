//! Run-time values: the leaves of a rendered object that no plugin and no version ever sees.
//!
//! A leaf is `{"$runtime": {"from", "key", "encode", "generate"?, "default"?}}`. The value given with the run
//! wins; else the live object keeps what it has; else `generate` makes a random one; else the graph's own
//! `default` stands; else a secret is reported as missing and an environment entry is left out.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::model::Values;
use crate::manifest::Object;
use crate::secret::Secret;
use crate::settings::random_text;
use crate::time::Entropy;

/// The one member of a leaf.
pub(super) const RUNTIME: &str = "$runtime";

/// A random value has at least and at most this many characters.
const GENERATED: std::ops::RangeInclusive<usize> = 8..=256;

#[derive(Deserialize)]
struct Leaf {
    from: From,
    key: String,
    #[serde(default)]
    encode: Encode,
    #[serde(default)]
    generate: Option<usize>,
    /// The graph's own value, for a name that may also be given at run time.
    #[serde(default)]
    default: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum From {
    Secret,
    Env,
}

#[derive(Deserialize, Clone, Copy, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Encode {
    #[default]
    Plain,
    Base64,
}

/// An object with its leaves filled.
pub(super) struct Filled {
    pub(super) object: Object,
    /// Keys of secrets that have no value.
    pub(super) missing: Vec<String>,
    /// Whether a value is another than the live object has.
    pub(super) differs: bool,
    /// Every value that was filled in, as it stands in the object: what no text about the object may show.
    pub(super) values: Vec<Secret>,
}

/// Fills the leaves of one node's object.
pub(super) fn fill(
    object: &Object,
    live: Option<&Object>,
    node: &str,
    values: &Values,
    entropy: &dyn Entropy,
) -> Filled {
    let empty = BTreeMap::new();
    let mut filler = Filler {
        secrets: values.secrets.get(node).unwrap_or(&empty),
        env: values.env_vars.get(node).unwrap_or(&empty),
        entropy,
        missing: Vec::new(),
        differs: false,
        values: Vec::new(),
    };
    let live = live.map(Object::to_value);
    let filled = filler.value(&object.to_value(), live.as_ref());
    let mut out = object.clone();
    if let Some(Value::Object(map)) = filled {
        *out.as_map_mut() = map;
    }
    Filled { object: out, missing: filler.missing, differs: filler.differs, values: filler.values }
}

struct Filler<'a> {
    secrets: &'a BTreeMap<String, Secret>,
    env: &'a BTreeMap<String, Secret>,
    entropy: &'a dyn Entropy,
    missing: Vec<String>,
    differs: bool,
    values: Vec<Secret>,
}

impl Filler<'_> {
    /// `None`: the value is left out, and with it the array entry that it stands in.
    fn value(&mut self, value: &Value, live: Option<&Value>) -> Option<Value> {
        match value {
            Value::Object(map) => match leaf(map) {
                Some(leaf) => self.noted(&leaf, live),
                None => self.object(map, live),
            },
            Value::Array(items) => Some(self.array(items, live)),
            other => Some(other.clone()),
        }
    }

    fn object(&mut self, map: &Map<String, Value>, live: Option<&Value>) -> Option<Value> {
        let mut out = Map::with_capacity(map.len());
        for (name, value) in map {
            let filled = self.value(value, live.and_then(|live| live.get(name)));
            match filled {
                Some(value) => {
                    out.insert(name.clone(), value);
                }
                // `{name, value: <leaf>}`: an entry without its value means nothing.
                None if map.contains_key("name") => return None,
                None => {}
            }
        }
        Some(Value::Object(out))
    }

    fn array(&mut self, items: &[Value], live: Option<&Value>) -> Value {
        let filled = items.iter().enumerate().filter_map(|(at, item)| {
            let live = live.and_then(Value::as_array).and_then(|live| match item.get("name") {
                Some(name) => live.iter().find(|other| other.get("name") == Some(name)),
                None => live.get(at),
            });
            self.value(item, live)
        });
        Value::Array(filled.collect())
    }

    fn noted(&mut self, leaf: &Leaf, live: Option<&Value>) -> Option<Value> {
        let value = self.leaf(leaf, live);
        self.differs |= value.as_ref() != live;
        if let Some(Value::String(text)) = &value {
            self.values.push(Secret::new(text.as_str()));
        }
        value
    }

    fn leaf(&mut self, leaf: &Leaf, live: Option<&Value>) -> Option<Value> {
        let given = match leaf.from {
            From::Secret => self.secrets.get(&leaf.key),
            From::Env => self.env.get(&leaf.key),
        };
        let encode = |text: &str| match leaf.encode {
            Encode::Plain => text.to_owned(),
            Encode::Base64 => STANDARD.encode(text),
        };
        if let Some(secret) = given {
            return Some(Value::from(encode(secret.expose())));
        }
        if let Some(Value::String(kept)) = live {
            return Some(Value::from(kept.as_str()));
        }
        if let Some(length) = leaf.generate {
            let length = length.clamp(*GENERATED.start(), *GENERATED.end());
            return Some(Value::from(encode(&random_text(self.entropy, length))));
        }
        if let Some(text) = &leaf.default {
            return Some(Value::from(encode(text)));
        }
        if leaf.from == From::Secret {
            self.missing.push(leaf.key.clone());
        }
        None
    }
}

fn leaf(map: &Map<String, Value>) -> Option<Leaf> {
    if map.len() != 1 {
        return None;
    }
    map.get(RUNTIME).and_then(|value| Leaf::deserialize(value).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::SeededEntropy;

    fn object(body: Value) -> Object {
        let mut value = json!({ "apiVersion": "v1", "kind": "X", "metadata": { "name": "x" } });
        value["data"] = body;
        Object::new(value).unwrap()
    }

    fn check(template: Value, live: Option<Value>, given: &[(&str, &str)], data: &Value, missing: &[&str]) {
        let values = Values {
            secrets: [(
                "n".to_owned(),
                given.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect(),
            )]
            .into(),
            env_vars: BTreeMap::default(),
        };
        let live = live.map(object);
        let filled = fill(&object(template), live.as_ref(), "n", &values, &SeededEntropy::new(1));
        assert_eq!(&filled.object.as_map()["data"], data);
        assert_eq!(filled.missing, missing);
    }

    fn secret(key: &str) -> Value {
        json!({ "$runtime": { "from": "secret", "key": key, "encode": "base64" } })
    }

    #[test]
    fn given_then_live_then_missing() {
        check(json!({ "K": secret("K") }), None, &[("K", "v")], &json!({ "K": "dg==" }), &[]);
        check(
            json!({ "K": secret("K") }),
            Some(json!({ "K": "bGl2ZQ==" })),
            &[("K", "v")],
            &json!({ "K": "dg==" }),
            &[],
        );
        check(
            json!({ "K": secret("K") }),
            Some(json!({ "K": "bGl2ZQ==" })),
            &[],
            &json!({ "K": "bGl2ZQ==" }),
            &[],
        );
        check(json!({ "K": secret("K"), "L": "x" }), None, &[], &json!({ "L": "x" }), &["K"]);
    }

    #[test]
    fn an_environment_entry_without_value_is_left_out_and_a_live_one_kept_by_name() {
        let leaf = json!({ "$runtime": { "from": "env", "key": "A" } });
        let template = json!([{ "name": "B", "value": "b" }, { "name": "A", "value": leaf }]);
        check(template.clone(), None, &[], &json!([{ "name": "B", "value": "b" }]), &[]);
        let live = json!([{ "name": "A", "value": "kept" }]);
        let kept = json!([{ "name": "B", "value": "b" }, { "name": "A", "value": "kept" }]);
        check(template, Some(live), &[], &kept, &[]);
    }

    #[test]
    fn a_generated_value_is_kept_once_it_is_live() {
        let leaf = json!({ "$runtime": { "from": "secret", "key": "K", "generate": 24 } });
        let template = object(json!({ "K": leaf }));
        let first = fill(&template, None, "n", &Values::default(), &SeededEntropy::new(1));
        let made = first.object.as_map()["data"]["K"].as_str().unwrap().to_owned();
        assert_eq!(made.len(), 24);
        let again = fill(&template, Some(&first.object), "n", &Values::default(), &SeededEntropy::new(2));
        assert_eq!(again.object.as_map()["data"]["K"], made);
    }
}
