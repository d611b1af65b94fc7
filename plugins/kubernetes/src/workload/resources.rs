//! CPU and memory: requests and limits.

use kubeorch_plugin_sdk::{Node, Reader, check::Quantity, kubernetes::Tree};
use serde_json::Value;

/// `resources` as the container wants it. Values may be texts or plain numbers, which stay numbers in meaning.
pub(crate) fn read(reader: &Reader<'_>) -> Tree {
    let Some(resources) = reader.object("resources") else { return Tree::new() };
    let requests = amounts(&resources, "requests");
    let limits = amounts(&resources, "limits");
    for (name, request, amount) in &requests {
        if let Some((_, limit, most)) = limits.iter().find(|(other, ..)| other == name)
            && amount > most
        {
            let message = format!("the request {request} of {name} is above its limit {limit}");
            let field = resources.field(&format!("requests.{name}"));
            resources.findings().error(
                "request_above_limit",
                field,
                message,
                "raise the limit or lower the request",
            );
        }
    }
    Tree::new().set_filled("requests", tree(requests)).set_filled("limits", tree(limits))
}

/// The names of resources that are asked for; a limit without a request is both.
pub(super) fn requested(node: &Node) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let resources = node.data.get("resources");
    let amounts = ["requests", "limits"].map(|kind| resources.and_then(|it| it.get(kind)?.as_object()));
    for (name, amount) in amounts.into_iter().flatten().flatten() {
        let given = amount.is_number() || amount.as_str().is_some_and(|text| !text.trim().is_empty());
        if given && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

type Amount<'a> = (&'a str, String, Quantity);

fn amounts<'a>(resources: &Reader<'a>, key: &str) -> Vec<Amount<'a>> {
    let Some(inner) = resources.object(key) else { return Vec::new() };
    let mut amounts = Vec::new();
    for (name, value) in inner.members() {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null => continue,
            _ => {
                inner.error(
                    name,
                    "type",
                    format_args!("{name} must be a quantity"),
                    "write it as 500m or 1.5Gi",
                );
                continue;
            }
        };
        if text.is_empty() {
            continue;
        }
        match Quantity::check(&text).and_then(|()| Quantity::parse(&text)) {
            Ok(amount) => amounts.push((name.as_str(), text, amount)),
            Err(why) => {
                inner.error(name, "invalid", format_args!("{name} {text:?} {}", why.problem), why.hint);
            }
        }
    }
    amounts
}

fn tree(amounts: Vec<Amount<'_>>) -> Tree {
    amounts.into_iter().map(|(name, text, _)| (name, text)).collect()
}
