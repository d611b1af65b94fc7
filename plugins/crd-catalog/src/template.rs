//! Filling in a template.
//!
//! A text `$field` becomes the field's value as it is, a list for instance; `${field}` inside a text becomes its text.
//! What is absent leaves out the member or item that it stands in, and an object or list of which nothing is left is left
//! out with it. `{}` and `[]` written so stay, `null` is absent. An object may choose instead:
//!
//! * `{$switch: field, value: …, $else: …}` is the template beside the field's value;
//! * `{$first: [template, …]}` is the first of which nothing is absent;
//! * `{$each: field, $do: …}` is a list with one item for each of the field's, which `$item` stands for; of a number, one
//!   for each from 1 on.

use serde_json::{Map, Value};

/// Items that a number can ask for. A form that lets more in has a field without a maximum.
const MOST: u64 = 1000;

/// The value of the template, unless something that it needs is absent.
pub(crate) fn fill(template: &Value, values: &Map<String, Value>) -> Option<Value> {
    match template {
        Value::String(text) => fill_text(text, values),
        Value::Array(items) => {
            let filled: Vec<Value> = items.iter().filter_map(|item| fill(item, values)).collect();
            (!filled.is_empty() || items.is_empty()).then_some(Value::Array(filled))
        }
        Value::Object(members) => fill_object(members, values),
        Value::Null => None,
        plain => Some(plain.clone()),
    }
}

fn fill_object(members: &Map<String, Value>, values: &Map<String, Value>) -> Option<Value> {
    if let Some(field) = text(members, "$switch") {
        let case = members.get(&as_text(values.get(field)?)?).or_else(|| members.get("$else"))?;
        return fill(case, values);
    }
    if let Some(field) = text(members, "$each") {
        return each(values.get(field)?, members.get("$do")?, values);
    }
    if let Some(choices) = members.get("$first").and_then(Value::as_array) {
        return choices.iter().find_map(|choice| fill(choice, values));
    }
    let filled = fill_members(members, values);
    (!filled.is_empty() || members.is_empty()).then_some(Value::Object(filled))
}

/// The members of which nothing that they need is absent.
pub(crate) fn fill_members(members: &Map<String, Value>, values: &Map<String, Value>) -> Map<String, Value> {
    let filled =
        members.iter().filter_map(|(key, value)| Some((interpolate(key, values)?, fill(value, values)?)));
    filled.collect()
}

/// Puts one value over another: members of objects one by one, everything else as a whole.
pub(crate) fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => under.clone_from(over),
    }
}

fn each(list: &Value, template: &Value, values: &Map<String, Value>) -> Option<Value> {
    let items = match list {
        Value::Array(items) => items.clone(),
        number => (1..=number.as_u64()?.min(MOST)).map(Value::from).collect(),
    };
    let mut scope = values.clone();
    let filled = items.into_iter().filter_map(|item| {
        scope.insert("item".to_owned(), item);
        fill(template, &scope)
    });
    Some(Value::Array(filled.collect())).filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
}

fn fill_text(text: &str, values: &Map<String, Value>) -> Option<Value> {
    match text.strip_prefix('$').filter(|name| is_name(name)) {
        Some(name) => values.get(name).cloned(),
        None => interpolate(text, values).map(Value::String),
    }
}

/// `${field}` in the middle of a text.
fn interpolate(text: &str, values: &Map<String, Value>) -> Option<String> {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}').filter(|(name, _)| is_name(name)) else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&as_text(values.get(name)?)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// A value as a part of a text; lists and objects have none.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn text<'m>(members: &'m Map<String, Value>, key: &str) -> Option<&'m str> {
    members.get(key)?.as_str()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(template: Value, expected: Option<Value>) {
        let values = json!({"n": 3, "t": "x", "l": ["a", "b"], "m": {"k": "v"}, "b": true});
        assert_eq!(fill(&template, values.as_object().unwrap()), expected, "{template}");
    }

    #[test]
    fn templates() {
        check(json!("$n"), Some(json!(3)));
        check(json!("$l"), Some(json!(["a", "b"])));
        check(json!("${t}-${n}-${b}"), Some(json!("x-3-true")));
        check(json!("$t and ${"), Some(json!("$t and ${")));
        check(json!("a${l}"), None);
        check(json!("$absent"), None);
        check(json!({"a": "$absent", "b": 1}), Some(json!({"b": 1})));
        check(json!({"a": {"b": ["$absent"]}}), None);
        check(json!({"a": {}, "b": []}), Some(json!({"a": {}, "b": []})));
        check(json!({"${t}": "$m", "${absent}": 1}), Some(json!({"x": {"k": "v"}})));
        check(json!({"$switch": "t", "x": "$n", "y": 1}), Some(json!(3)));
        check(json!({"$switch": "b", "true": 1}), Some(json!(1)));
        check(json!({"$switch": "t", "y": 1}), None);
        check(json!({"$switch": "absent", "y": 1}), None);
        check(json!({"$switch": "n", "0": null, "$else": "$t"}), Some(json!("x")));
        check(json!({"a": {"$switch": "n", "3": null}, "b": null, "c": 1}), Some(json!({"c": 1})));
        check(json!({"$first": ["$absent", "${absent}", "$t"]}), Some(json!("x")));
        check(json!({"$each": "l", "$do": {"h": "$item"}}), Some(json!([{"h": "a"}, {"h": "b"}])));
        check(json!({"$each": "n", "$do": "z${item}"}), Some(json!(["z1", "z2", "z3"])));
        check(json!({"$each": "absent", "$do": "z"}), None);
    }

    #[test]
    fn merging_keeps_what_is_not_named() {
        let mut under = json!({"a": {"b": 1, "c": [1]}, "d": 1});
        merge(&mut under, &json!({"a": {"c": [2], "e": null}, "d": {"f": 1}}));
        assert_eq!(under, json!({"a": {"b": 1, "c": [2], "e": null}, "d": {"f": 1}}));
    }
}
