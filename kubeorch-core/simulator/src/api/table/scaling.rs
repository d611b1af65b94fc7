//! Cells of autoscalers.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::value::{list, text};

/// Metrics shown before the rest is counted, as `kubectl` does.
const SHOWN: usize = 2;

/// What each metric is and should be, as `cpu: 12%/80%`.
pub(super) fn targets(scaler: &Value, _: Timestamp) -> Value {
    let all = list(scaler, "/spec/metrics");
    let mut cells: Vec<_> = all.iter().take(SHOWN).map(|metric| target(scaler, metric)).collect();
    if all.len() > SHOWN {
        cells.push(format!("{} more...", all.len() - SHOWN));
        let (rest, shown) = (cells.pop().unwrap_or_default(), cells.join(", "));
        return format!("{shown} + {rest}").into();
    }
    if cells.is_empty() { "<none>".into() } else { cells.join(", ").into() }
}

fn target(scaler: &Value, metric: &Value) -> String {
    let kind = text(metric, "/type");
    let part = match kind {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        _ => "external",
    };
    let spec = &metric[part];
    let name = text(spec, "/name");
    let current = list(scaler, "/status/currentMetrics")
        .iter()
        .find(|reading| {
            text(reading, "/type") == kind
                && text(&reading[part], "/name") == name
                && reading[part].get("container") == spec.get("container")
        })
        .map_or(&Value::Null, |reading| &reading[part]["current"]);
    let lead = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let shown = |value: &Value, unit: &str| match value {
        Value::Null => "<unknown>".to_owned(),
        Value::String(text) => format!("{text}{unit}"),
        other => format!("{other}{unit}"),
    };
    let wanted = &spec["target"];
    if wanted["averageUtilization"] != json!(null) {
        let (now, goal) = (&current["averageUtilization"], &wanted["averageUtilization"]);
        return format!("{lead}{}/{}", shown(now, "%"), shown(goal, "%"));
    }
    let goal = if wanted["averageValue"].is_null() { &wanted["value"] } else { &wanted["averageValue"] };
    format!("{lead}{}/{}", shown(&current["averageValue"], ""), shown(goal, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_show_what_is_and_what_should_be() {
        let cpu = |goal: Value| json!({ "type": "Resource", "resource": { "name": "cpu", "target": goal } });
        let reading = json!({
            "type": "Resource", "resource": { "name": "cpu", "current": { "averageUtilization": 12, "averageValue": "6m" } },
        });
        let percent = cpu(json!({ "averageUtilization": 80 }));
        for (metrics, readings, expected) in [
            (vec![percent.clone()], vec![], "cpu: <unknown>/80%"),
            (vec![percent.clone()], vec![reading.clone()], "cpu: 12%/80%"),
            (vec![cpu(json!({ "averageValue": "100m" }))], vec![reading], "cpu: 6m/100m"),
            (
                vec![percent.clone(), percent.clone(), percent],
                vec![],
                "cpu: <unknown>/80%, cpu: <unknown>/80% + 1 more...",
            ),
        ] {
            let scaler = json!({ "spec": { "metrics": metrics }, "status": { "currentMetrics": readings } });
            assert_eq!(targets(&scaler, Timestamp::UNIX_EPOCH), json!(expected));
        }
    }
}
