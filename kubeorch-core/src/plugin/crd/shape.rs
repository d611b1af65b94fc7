//! The part of a definition's schema that a form shows and data is checked against.
//!
//! Schemas of operators embed whole pods, tens of thousands of members. What is beyond the bounds is kept as an open value:
//! the form is shorter, and the API server checks the rest.

use serde_json::{Map, Value, json};

/// Levels of a form. Deeper members stay open.
const DEPTH: usize = 8;

/// Members of a form in all, counted by level: what lies nearer to the top is kept first.
const MEMBERS: usize = 2000;

/// Characters of a description.
const DESCRIPTION: usize = 500;

/// Problems of one node; more help nobody.
const PROBLEMS: usize = 100;

/// What of a schema is kept as it is.
const KEPT: [&str; 6] = ["enum", "default", "minimum", "maximum", "required", "x-kubernetes-int-or-string"];

/// The schema within the bounds.
pub(super) fn bounded(schema: Value) -> Value {
    let mut depth = DEPTH;
    // A level less until it is small enough: three or four tries, each over fewer members.
    while depth > 1 && members(&schema, depth) > MEMBERS {
        depth -= 1;
    }
    cut(&schema, depth)
}

fn members(schema: &Value, depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let own: usize = properties.map(|(_, inner)| 1 + members(inner, depth - 1)).sum();
    let nested = ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key));
    own + nested.map(|inner| members(inner, depth - 1)).sum::<usize>()
}

fn cut(schema: &Value, depth: usize) -> Value {
    let mut kept = Map::new();
    if let Some(kind) = schema.get("type") {
        kept.insert("type".to_owned(), kind.clone());
    }
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        kept.insert("description".to_owned(), text.chars().take(DESCRIPTION).collect::<String>().into());
    }
    let open = depth == 0 || schema.get("x-kubernetes-preserve-unknown-fields").is_some();
    let nested =
        ["properties", "items", "additionalProperties"].into_iter().any(|key| schema.get(key).is_some());
    if open && nested {
        return Value::Object(kept);
    }
    kept.extend(KEPT.iter().filter_map(|key| Some(((*key).to_owned(), schema.get(key)?.clone()))));
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let cut: Map<String, Value> =
            properties.iter().map(|(key, inner)| (key.clone(), cut(inner, depth - 1))).collect();
        kept.insert("properties".to_owned(), cut.into());
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
            kept.insert(key.to_owned(), cut(inner, depth - 1));
        }
    }
    Value::Object(kept)
}

/// Where a value does not fit: the dotted path and what is wrong.
pub(super) fn problems(schema: &Value, value: &Value) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    check(schema, value, "", &mut problems);
    problems.truncate(PROBLEMS);
    problems
}

fn check(schema: &Value, value: &Value, at: &str, problems: &mut Vec<(String, String)>) {
    if value.is_null() || problems.len() > PROBLEMS {
        return;
    }
    let mut add = |text: String| problems.push((at.to_owned(), text));
    if schema.get("x-kubernetes-int-or-string") == Some(&json!(true)) {
        if !value.is_string() && !value.is_i64() {
            add("must be a whole number or a text".to_owned());
        }
        return;
    }
    if let Some(wanted) = schema.get("type").and_then(Value::as_str).filter(|kind| !is(kind, value)) {
        return add(format!("must be of type {wanted}"));
    }
    if let Some(options) =
        schema.get("enum").and_then(Value::as_array).filter(|options| !options.contains(value))
    {
        let options: Vec<String> = options.iter().take(20).map(Value::to_string).collect();
        add(format!("must be one of {}", options.join(", ")));
    }
    for (key, word, wrong) in
        [("minimum", "least", f64::lt as fn(&f64, &f64) -> bool), ("maximum", "most", f64::gt)]
    {
        let limit = schema.get(key).and_then(Value::as_f64);
        if limit.zip(value.as_f64()).is_some_and(|(limit, number)| wrong(&number, &limit)) {
            add(format!("must be at {word} {}", schema[key]));
        }
    }
    match value {
        Value::Object(members) => check_members(schema, members, at, problems),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check(&schema["items"], item, &join(at, &index.to_string()), problems);
            }
        }
        _ => {}
    }
}

fn check_members(
    schema: &Value,
    members: &Map<String, Value>,
    at: &str,
    problems: &mut Vec<(String, String)>,
) {
    let known = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for key in required.filter_map(Value::as_str) {
        // The API server fills in what has a default.
        let filled = known.and_then(|known| known.get(key)?.get("default")).is_some();
        if !filled && members.get(key).is_none_or(Value::is_null) {
            problems.push((join(at, key), "is missing".to_owned()));
        }
    }
    for (key, value) in members {
        match (known.and_then(|known| known.get(key)), schema.get("additionalProperties")) {
            (Some(inner), _) | (None, Some(inner)) => check(inner, value, &join(at, key), problems),
            (None, None) if known.is_some() => {
                problems.push((join(at, key), "is not in the schema".to_owned()));
            }
            (None, None) => {}
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}
