//! The part of JSON Schema that forms are made of. Clients draw fields from it; nothing validates nodes with it, so a
//! mistake shows as a field that cannot be filled in.

use serde_json::{Map, Value};

/// Levels that are followed. Forms nest three or four.
const DEPTH: usize = 16;

const TYPES: &[&str] = &["string", "integer", "number", "boolean", "object", "array", "null"];

/// Something wrong with a schema.
pub(super) struct Problem {
    /// `parameters.properties.cpu.minimum`.
    pub(super) path: String,
    /// Whether a form made of it breaks.
    pub(super) error: bool,
    pub(super) message: String,
    pub(super) fix: &'static str,
}

/// Everything that is wrong with the schema of a node type's data.
pub(super) fn problems(parameters: &Value) -> Vec<Problem> {
    let mut walk = Walk(Vec::new());
    walk.schema("parameters", parameters, 0);
    walk.0
}

struct Walk(Vec<Problem>);

impl Walk {
    fn error(&mut self, path: String, message: impl Into<String>, fix: &'static str) {
        self.0.push(Problem { path, error: true, message: message.into(), fix });
    }

    fn schema(&mut self, path: &str, schema: &Value, depth: usize) {
        if depth > DEPTH {
            self.error(path.to_owned(), format!("is nested deeper than {DEPTH} levels"), "flatten it");
            return;
        }
        let Value::Object(schema) = schema else {
            if !schema.is_boolean() {
                self.error(path.to_owned(), "is not a schema", "an object or a boolean");
            }
            return;
        };
        let types = self.types(path, schema);
        self.values(path, schema, &types);
        self.range(path, schema);
        self.members(path, schema, depth);
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(key) {
                self.schema(&format!("{path}.{key}"), inner, depth + 1);
            }
        }
    }

    fn types<'a>(&mut self, path: &str, schema: &'a Map<String, Value>) -> Vec<&'a str> {
        let named: Vec<&Value> = match schema.get("type") {
            None => return Vec::new(),
            Some(Value::Array(several)) => several.iter().collect(),
            Some(one) => vec![one],
        };
        let known: Vec<&str> =
            named.iter().filter_map(|name| name.as_str()).filter(|name| TYPES.contains(name)).collect();
        if known.len() != named.len() {
            self.error(format!("{path}.type"), "names an unknown type", "a type of JSON Schema");
        }
        known
    }

    fn values(&mut self, path: &str, schema: &Map<String, Value>, types: &[&str]) {
        let choices = schema.get("enum");
        if choices.is_some_and(|choices| choices.as_array().is_none_or(Vec::is_empty)) {
            self.error(format!("{path}.enum"), "is not a list of values", "list at least one value");
        }
        let choices = choices.and_then(Value::as_array);
        for choice in choices.into_iter().flatten() {
            if !fits(choice, types) {
                self.error(format!("{path}.enum"), format!("{choice} has another type"), "correct it");
            }
        }
        let Some(default) = schema.get("default") else { return };
        if !fits(default, types) {
            self.error(format!("{path}.default"), format!("{default} has another type"), "correct it");
        } else if choices.is_some_and(|choices| !choices.contains(default)) {
            self.error(format!("{path}.default"), format!("{default} is no choice"), "take one of enum");
        } else if outside(default, schema) {
            self.error(format!("{path}.default"), format!("{default} is outside the range"), "correct it");
        }
    }

    fn range(&mut self, path: &str, schema: &Map<String, Value>) {
        let bound = |key: &str| schema.get(key).map(Value::as_f64);
        for key in ["minimum", "maximum"] {
            if bound(key) == Some(None) {
                self.error(format!("{path}.{key}"), "is not a number", "correct it");
            }
        }
        if let (Some(Some(least)), Some(Some(most))) = (bound("minimum"), bound("maximum"))
            && least > most
        {
            self.error(format!("{path}.minimum"), "is above the maximum", "swap them");
        }
    }

    fn members(&mut self, path: &str, schema: &Map<String, Value>, depth: usize) {
        let none = Map::new();
        let properties = match schema.get("properties") {
            None => &none,
            Some(Value::Object(properties)) => properties,
            Some(_) => {
                self.error(format!("{path}.properties"), "is not an object", "a schema for each member");
                return;
            }
        };
        match schema.get("required") {
            None => {}
            Some(Value::Array(names)) => {
                for name in
                    names.iter().filter(|name| name.as_str().is_none_or(|n| !properties.contains_key(n)))
                {
                    self.error(format!("{path}.required"), format!("{name} is no property"), "declare it");
                }
            }
            Some(_) => self.error(format!("{path}.required"), "is not a list", "a list of names"),
        }
        for (name, property) in properties {
            let inner = format!("{path}.properties.{name}");
            self.schema(&inner, property, depth + 1);
            self.form(&inner, property, properties, depth);
        }
    }

    /// What only forms look at.
    fn form(&mut self, path: &str, property: &Value, siblings: &Map<String, Value>, depth: usize) {
        let titled =
            |key: &str| property.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if depth == 0 && !titled("title") {
            let message = "has no title; people see its bare name".to_owned();
            self.0.push(Problem { path: path.to_owned(), error: false, message, fix: "give it a title" });
        }
        let other = property.get("x-dependsOn").map(|depends| depends.get("field").and_then(Value::as_str));
        if other.is_some_and(|other| other.is_none_or(|other| !siblings.contains_key(other))) {
            self.error(format!("{path}.x-dependsOn"), "names no field beside it", "correct `field`");
        }
    }
}

fn fits(value: &Value, types: &[&str]) -> bool {
    let is = |name: &&str| match *name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => value.is_null(),
    };
    types.is_empty() || types.iter().any(is)
}

fn outside(value: &Value, schema: &Map<String, Value>) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    value.as_f64().is_some_and(|value| {
        bound("minimum").is_some_and(|least| value < least)
            || bound("maximum").is_some_and(|most| value > most)
    })
}
