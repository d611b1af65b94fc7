//! How pods are replaced when the daemon set changes.

use kubeorch_plugin_sdk::{Reader, kubernetes::Tree};
use serde_json::Value;

pub(super) const ROLLING: &str = "RollingUpdate";
pub(super) const ON_DELETE: &str = "OnDelete";

/// The spec's `updateStrategy`.
pub(super) fn strategy(reader: &Reader<'_>) -> Tree {
    let kind = reader.choice("updateStrategy", &[ROLLING, ON_DELETE]).unwrap_or(ROLLING);
    let unavailable = max_unavailable(reader).unwrap_or_else(|| 1.into());
    let strategy = Tree::new().set("type", kind);
    if kind == ROLLING {
        strategy.set("rollingUpdate", Tree::new().set("maxUnavailable", unavailable))
    } else {
        strategy
    }
}

/// A number of pods, or a share of them: `2`, `"2"`, `"25%"`. None at all would leave no room to replace any.
fn max_unavailable(reader: &Reader<'_>) -> Option<Value> {
    const KEY: &str = "maxUnavailable";
    let Some(Value::String(_)) = reader.get(KEY) else {
        return reader.integer(KEY, 1..=i64::from(i32::MAX)).map(Value::from);
    };
    let text = reader.text(KEY)?;
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let value: Option<Value> = match text.strip_suffix('%') {
        Some(share) => digits(share).filter(|share: &i32| (1..=100).contains(share)).map(|_| text.into()),
        None => digits(text).filter(|count| *count > 0).map(Value::from),
    };
    if value.is_none() {
        let message = format_args!("{KEY} {text:?} is neither a number of pods nor a share of them");
        reader.error(KEY, "invalid", message, "use 1 or more, or 1% to 100%");
    }
    value
}
