//! Reading a node's data by its form: the values that templates use, and what is wrong with them.

use kubeorch_plugin_sdk::{
    DeclaredBy, Findings, Link, Reader, RenderRequest,
    check::{self, Quantity},
    kubernetes::label_text,
};
use serde_json::{Map, Value};

use crate::check::rule;
use crate::model::{Field, Holds, NodeType, Origin, Rule};

/// What a form holds.
pub(crate) struct Form {
    /// By field, `name` and `namespace` among them; what is absent or wrong is not there.
    pub(crate) values: Map<String, Value>,
    /// What linked nodes filled in.
    pub(crate) notes: Vec<String>,
}

/// Reads every field once and reports all that is wrong.
pub(crate) fn form(node_type: &NodeType, request: &RenderRequest, findings: &Findings) -> Form {
    let reader = request.node.read(findings);
    let (mut values, mut notes) = (Map::new(), Vec::new());
    values.insert("name".to_owned(), reader.name(rule(node_type.name_check)).into());
    if !node_type.cluster_scoped {
        let namespace = reader.checked("namespace", check::dns_label).unwrap_or(&node_type.namespace);
        values.insert("namespace".to_owned(), namespace.into());
    }
    for field in &node_type.fields {
        if is_given(&reader, &field.id) {
            values.extend(value(&reader, field).map(|value| (field.id.clone(), value)));
        } else if let Some((value, peer)) =
            field.from.as_ref().and_then(|origin| linked(origin, &request.links))
        {
            notes.push(format!("{} is taken from {peer}", field.id));
            values.insert(field.id.clone(), value);
        } else if !field.default.is_null() {
            values.insert(field.id.clone(), default(field));
        } else if field.required {
            let hint = format!(
                "for example {}",
                field.example.as_str().map_or(field.example.to_string(), str::to_owned)
            );
            reader.error(&field.id, "missing", format_args!("{} is missing", field.id), hint);
        }
    }
    let hosts: Vec<_> = node_type.fields.iter().filter_map(|field| host(field, &values)).collect();
    values.extend(hosts);
    Form { values, notes }
}

/// What the node says of the spec itself: an object, or JSON in the text area of a form.
pub(crate) fn more(node_type: &NodeType, reader: &Reader<'_>) -> Option<Value> {
    if !node_type.object.contains_key("spec") || !is_given(reader, "spec") {
        return None;
    }
    let Some(text) = reader.get("spec")?.as_str() else {
        return reader.object("spec").map(|more| Value::Object(more.members().clone()));
    };
    if let Ok(Value::Object(more)) = serde_json::from_str(text) {
        return Some(Value::Object(more));
    }
    let hint = "write it as {\"member\": value}";
    reader.error("spec", "invalid", "spec is not an object in JSON", hint);
    None
}

/// The host of an address, beside the address itself.
fn host(field: &Field, values: &Map<String, Value>) -> Option<(String, Value)> {
    let url = values.get(&field.id).filter(|_| field.check == Some(Rule::Url))?.as_str()?;
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some((format!("{}Host", field.id), host.into()))
}

/// `null`, a text of blanks and an empty list or object are what a cleared field leaves behind.
fn is_given(reader: &Reader<'_>, key: &str) -> bool {
    reader.get(key).is_some_and(|value| match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    })
}

/// The fact of the first linked node that has it, and that node's type and name.
fn linked(origin: &Origin, links: &[Link]) -> Option<(Value, String)> {
    let of_origin = links.iter().filter(|link| {
        let named = |peer: &String| match peer.strip_prefix("trait:") {
            Some(group) => link.peer.traits.iter().any(|it| it == group),
            None => *peer == link.peer.kind,
        };
        link.declared_by == Some(DeclaredBy::Node) && origin.peers.iter().any(named)
    });
    of_origin.into_iter().find_map(|link| {
        let facts = serde_json::to_value(&link.peer.facts).ok()?;
        let fact = facts.get(&origin.fact)?;
        // A name that is too long for a label is too long for a line of the log as well.
        Some((fact.clone(), format!("{} {}", link.peer.kind, label_text(&link.peer.facts.name))))
    })
}

/// A default as if somebody had filled it in; what a file has is right, a test sees to it.
fn default(field: &Field) -> Value {
    match (field.holds, field.default.as_str()) {
        (Holds::List, Some(text)) => split(text).map(Value::from).collect(),
        (Holds::Flag, Some(text)) => (text == "true").into(),
        _ => field.default.clone(),
    }
}

fn value(reader: &Reader<'_>, field: &Field) -> Option<Value> {
    match field.holds {
        Holds::Number => {
            let range = field.minimum.unwrap_or(i64::MIN)..=field.maximum.unwrap_or(i64::MAX);
            reader.integer(&field.id, range).map(Value::from)
        }
        Holds::Text => {
            let text = text(reader, &field.id)?;
            accepted(reader, field, &field.id, &text).then(|| text.into())
        }
        Holds::Bytes => bytes(reader, field),
        Holds::Choice => option(reader, field).map(Value::from),
        Holds::Flag => option(reader, field).map(|text| (text == "true").into()),
        Holds::List => list(reader, field),
        Holds::Labels => labels(reader, field),
    }
}

/// A text; numbers and booleans are what a careless form makes of one.
fn text(reader: &Reader<'_>, key: &str) -> Option<String> {
    match reader.get(key)? {
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => reader.text(key).map(str::to_owned),
    }
}

/// The number of bytes; a quantity that is no whole number of them is rounded up.
fn bytes(reader: &Reader<'_>, field: &Field) -> Option<Value> {
    let text = text(reader, &field.id)?;
    if !accepted(reader, field, &field.id, &text) {
        return None;
    }
    Quantity::parse(&text).ok().map(|quantity| quantity.whole().to_string().into())
}

fn option(reader: &Reader<'_>, field: &Field) -> Option<String> {
    let text = text(reader, &field.id)?;
    if field.options.contains(&text) {
        return Some(text);
    }
    let hint = format!("use one of {}", field.options.join(", "));
    reader.error(&field.id, "invalid", format_args!("{} {text:?} is not known", field.id), hint);
    None
}

fn list(reader: &Reader<'_>, field: &Field) -> Option<Value> {
    let texts: Vec<String> = match reader.get(&field.id)? {
        Value::Array(_) => reader.texts(&field.id).into_iter().map(|text| text.trim().to_owned()).collect(),
        _ => split(&text(reader, &field.id)?).collect(),
    };
    let mut good = Vec::new();
    for (index, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        if accepted(reader, field, &format!("{}.{index}", field.id), text) {
            good.push(Value::from(text.as_str()));
        }
    }
    (!good.is_empty()).then_some(Value::Array(good))
}

/// The parts of a text between commas.
fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// `app=web, tier=front` or `app: web`, or an object.
fn labels(reader: &Reader<'_>, field: &Field) -> Option<Value> {
    let pairs: Vec<(String, String)> = if reader.get(&field.id)?.is_object() {
        reader.map(&field.id).into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    } else {
        split(&text(reader, &field.id)?).map(|part| pair(&part)).collect()
    };
    let mut good = Map::new();
    for (key, value) in pairs {
        match check::label_key(&key).and_then(|()| check::label_value(&value)) {
            Ok(()) => drop(good.insert(key, value.into())),
            Err(why) => {
                let message = format!("the label {key}={value} {}", why.problem);
                reader.error(&field.id, "invalid", message, why.hint);
            }
        }
    }
    (!good.is_empty()).then_some(Value::Object(good))
}

/// Key and value of a label; one without a value has an empty one.
fn pair(part: &str) -> (String, String) {
    let (key, value) = part.split_once(['=', ':']).unwrap_or((part, ""));
    (key.trim().to_owned(), value.trim().to_owned())
}

/// Whether a text passes the rule of its field; reported when it does not.
fn accepted(reader: &Reader<'_>, field: &Field, path: &str, text: &str) -> bool {
    let Some(Err(why)) = field.check.map(|check| rule(check)(text)) else { return true };
    reader.error(path, "invalid", format_args!("{} {text:?} {}", field.id, why.problem), why.hint);
    false
}
