//! Excerpts of the schemas of custom resources: what the catalogue renders, and what must be there.
//!
//! A file of `tests/schemas` has a member per `apiVersion Kind`. A schema is a type (`string`, `integer`, `boolean`,
//! `number`, `quantity` for an integer or a text, `any`), `=a|b` for one of some texts, a list of one schema, or an object of
//! members: `name!` must be there, `*` stands for any name. A member that is not listed is not allowed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value};

use super::path;

/// All excerpts.
pub(super) fn all() -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    for file in fs::read_dir(path("schemas")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let file: BTreeMap<String, Value> = serde_saphyr::from_str(&text).unwrap();
        schemas.extend(file);
    }
    schemas
}

/// Where an object does not fit the schema of its kind.
pub(super) fn problems(schemas: &BTreeMap<String, Value>, object: &Value) -> Vec<String> {
    let kind = format!("{} {}", object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
    let Some(schema) = schemas.get(&kind) else { return vec![format!("there is no schema of {kind}")] };
    let mut members = object.as_object().unwrap().clone();
    for usual in ["apiVersion", "kind", "metadata"] {
        members.shift_remove(usual);
    }
    let mut problems = Vec::new();
    check(schema, &Value::Object(members), "", &mut problems);
    problems
}

fn check(schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    match (schema, value) {
        (Value::String(kind), value) if !is(kind, value) => {
            problems.push(format!("{at}: {value} is no {kind}"));
        }
        (Value::String(_), _) => {}
        (Value::Array(schema), Value::Array(items)) => {
            for item in items {
                check(&schema[0], item, &format!("{at}[]"), problems);
            }
        }
        (Value::Object(schema), Value::Object(members)) => check_members(schema, members, at, problems),
        (schema, value) => problems.push(format!("{at}: {value} does not fit {schema}")),
    }
}

fn check_members(
    schema: &Map<String, Value>,
    members: &Map<String, Value>,
    at: &str,
    problems: &mut Vec<String>,
) {
    for (name, value) in members {
        let inner = [name.as_str(), &format!("{name}!"), "*"].into_iter().find_map(|key| schema.get(key));
        match inner {
            Some(inner) => check(inner, value, &format!("{at}.{name}"), problems),
            None => problems.push(format!("{at}.{name} is not known")),
        }
    }
    let required = schema.keys().filter_map(|key| key.strip_suffix('!'));
    problems.extend(
        required.filter(|key| !members.contains_key(*key)).map(|key| format!("{at}.{key} is missing")),
    );
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "quantity" => value.is_string() || value.is_i64(),
        "any" => true,
        choice => choice.trim_start_matches('=').split('|').any(|option| value == option),
    }
}
