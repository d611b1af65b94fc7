//! Good and bad data for a node type, made from its fields.

use serde_json::{Map, Value, json};

use crate::model::{Field, Holds, NodeType, Rule};

/// A name for the case, and the data of the node.
pub(super) type Case = (String, Map<String, Value>);

/// Data with nothing wrong: the least, the most, and each option once, so that every branch of a template is taken.
pub(super) fn good(node_type: &NodeType) -> Vec<Case> {
    let least = least(node_type);
    let mut most = least.clone();
    if !node_type.cluster_scoped {
        most.insert("namespace".to_owned(), "team".into());
    }
    most.extend(node_type.fields.iter().map(|field| (field.id.clone(), field.example.clone())));
    if node_type.object.contains_key("spec") {
        most.insert("spec".to_owned(), json!({}));
    }
    let mut cases = vec![("minimal".to_owned(), least.clone()), ("maximal".to_owned(), most)];
    for field in &node_type.fields {
        let shown = [&field.default, &field.example];
        let others = field.options.iter().filter(|option| !shown.iter().any(|it| *it == option.as_str()));
        cases.extend(others.map(|option| case(&least, &field.id, option, option.as_str().into())));
        if let Some(minimum) = field.minimum {
            cases.push(case(&least, &field.id, &minimum.to_string(), minimum.into()));
        }
        match (field.holds, field.example.as_str()) {
            (Holds::List, Some(text)) => {
                let list = text.split(',').map(Value::from).collect();
                cases.push(case(&least, &field.id, "list", list));
            }
            (Holds::Labels, Some(text)) => {
                let (key, value) = text.split_once('=').unwrap();
                cases.push(case(&least, &field.id, "object", json!({ key: value })));
            }
            _ => {}
        }
    }
    cases
}

/// Data with one thing wrong, each with the field that the finding must name.
pub(super) fn bad(node_type: &NodeType) -> Vec<(Case, String)> {
    let least = least(node_type);
    let mut cases = vec![
        (case(&least, "name", "invalid", "Not A Name".into()), "name".to_owned()),
        (case(&least, "name", "type", json!(["a"])), "name".to_owned()),
    ];
    if !node_type.cluster_scoped {
        cases.push((case(&least, "namespace", "invalid", "a.b".into()), "namespace".to_owned()));
    }
    for field in &node_type.fields {
        let mut add = |what: &str, value: Value, at: &str| {
            cases.push((case(&least, &field.id, what, value), format!("{}{at}", field.id)));
        };
        if field.required && field.default.is_null() {
            add("missing", Value::Null, "");
            add("blank", "  ".into(), "");
        }
        for (what, value, at) in wrong(field) {
            add(what, value, at);
        }
    }
    cases
}

/// Values that a field must not take, and where in it the finding points.
fn wrong(field: &Field) -> Vec<(&'static str, Value, &'static str)> {
    let mut wrong = Vec::new();
    match field.holds {
        Holds::Number => {
            wrong.extend([("type", json!("three"), ""), ("fraction", json!(1.5), "")]);
            wrong.extend(field.minimum.map(|least| ("too-small", json!(least - 1), "")));
            wrong.extend(field.maximum.map(|most| ("too-large", json!(most + 1), "")));
        }
        Holds::Choice | Holds::Flag => {
            wrong.extend([("invalid", json!("something-else"), ""), ("type", json!({ "a": 1 }), "")]);
        }
        Holds::Labels => wrong.push(("invalid", json!("app=not a value"), "")),
        Holds::List => wrong.push(("item-type", json!([{ "a": 1 }]), ".0")),
        Holds::Text | Holds::Bytes => wrong.push(("type", json!(["a"]), "")),
    }
    let at = if field.holds == Holds::List { ".0" } else { "" };
    wrong.extend(field.check.map(|rule| ("invalid", json!(broken(rule)), at)));
    wrong
}

fn broken(rule: Rule) -> &'static str {
    match rule {
        Rule::Name | Rule::Label => "Not A Name",
        Rule::Quantity => "0Gi",
        Rule::Image => "an image",
        Rule::Host => "https://shop.example.com",
        Rule::Cron => "at night",
        Rule::Duration => "soon",
        Rule::Url => "example.com",
        Rule::Email => "ops",
        Rule::LabelPair => "web",
        Rule::Version => "latest",
    }
}

/// The name and what must be given.
fn least(node_type: &NodeType) -> Map<String, Value> {
    let required = node_type.fields.iter().filter(|field| field.required && field.default.is_null());
    let given = required.map(|field| (field.id.clone(), field.example.clone()));
    std::iter::once(("name".to_owned(), "main".into())).chain(given).collect()
}

fn case(least: &Map<String, Value>, field: &str, what: &str, value: Value) -> Case {
    let mut data = least.clone();
    data.insert(field.to_owned(), value);
    (format!("{field} {what}"), data)
}
