//! Label selectors: labels as editors write them, or `matchLabels` and `matchExpressions` as Kubernetes does.

use kubeorch_plugin_sdk::{
    Reader, check,
    kubernetes::{Tree, at, label_map},
};
use serde_json::{Map, Value};

const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// The selector in a member; none when it is absent or selects everything.
pub(super) fn read(reader: &Reader<'_>, key: &str) -> Option<Tree> {
    let inner = reader.object(key)?;
    // Values of labels are texts, so these can't be labels.
    let own_form = inner.get("matchLabels").is_some_and(Value::is_object)
        || inner.get("matchExpressions").is_some_and(Value::is_array);
    let selector = if own_form {
        let expressions: Vec<Value> =
            inner.items("matchExpressions").iter().filter_map(expression).map(Value::from).collect();
        Tree::new()
            .set_filled("matchLabels", label_map(&inner, "matchLabels"))
            .set_filled("matchExpressions", expressions)
    } else {
        Tree::new().set_filled("matchLabels", label_map(reader, key))
    };
    Some(selector).filter(|selector| !selector.is_empty())
}

fn expression(item: &Reader<'_>) -> Option<Tree> {
    let key = item
        .required_text("key", "give the key of the label")
        .and_then(|_| item.checked("key", check::label_key));
    let present = item.required_text("operator", "use In, NotIn, Exists or DoesNotExist").is_some();
    let operator = if present { item.choice("operator", &OPERATORS) } else { None };
    let values = item.checked_texts("values", check::label_value);
    let wants_values = matches!(operator?, "In" | "NotIn");
    if wants_values == values.is_empty() {
        let message = if wants_values {
            "values to compare with are missing"
        } else {
            "nothing is compared with values"
        };
        item.error("values", "invalid", message, "give values with In and NotIn, and none with the others");
        return None;
    }
    Some(Tree::new().set("key", key?).set("operator", operator?).set_filled("values", values))
}

/// The selector of exactly these labels.
pub(super) fn of_labels(labels: &Map<String, Value>) -> Tree {
    let labels: Tree = labels.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    Tree::new().set("matchLabels", labels)
}

/// The value of the label `app` where a selector is nothing else: what an editor copies from a workload.
pub(super) fn app_alone(selector: &Map<String, Value>) -> Option<&str> {
    let labels = selector.get("matchLabels").and_then(Value::as_object).unwrap_or(selector);
    let alone = selector.len() == 1 && labels.len() == 1;
    labels.get("app").filter(|_| alone)?.as_str()
}

/// A rendered selector as Kubernetes writes it in a request: `app=web,tier in (a,b)`.
pub(super) fn text(selector: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = at(selector, &["matchLabels"]).and_then(Value::as_object);
    let labels = labels.into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value)));
    let expressions = at(selector, &["matchExpressions"]).and_then(Value::as_array);
    let expressions = expressions.into_iter().flatten().map(|it| {
        let values: Vec<String> =
            it.get("values").and_then(Value::as_array).into_iter().flatten().map(text).collect();
        let key = it.get("key").map(text).unwrap_or_default();
        match it.get("operator").and_then(Value::as_str) {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key,
        }
    });
    labels.chain(expressions).collect::<Vec<_>>().join(",")
}
