//! Findings about horizontal pod autoscalers.

use serde_json::Value;

use crate::api::status::Cause;
use crate::value::{int, list, text};

/// Windows and periods, in seconds, that the API takes.
const LONGEST: i64 = 3600;
const LONGEST_PERIOD: i64 = 1800;

pub(super) fn spec(new: &Value, causes: &mut Vec<Cause>) {
    for field in ["kind", "name"] {
        if text(new, &format!("/spec/scaleTargetRef/{field}")).is_empty() {
            causes.push(Cause::required(format!("spec.scaleTargetRef.{field}"), ""));
        }
    }
    let least = int(new, "/spec/minReplicas").unwrap_or(1);
    let most = int(new, "/spec/maxReplicas").unwrap_or_default();
    if least < 1 {
        let note = "must be greater than or equal to 1";
        causes.push(Cause::invalid("spec.minReplicas", &new["spec"]["minReplicas"], note));
    }
    if most < 1 {
        let note = "must be greater than 0";
        causes.push(Cause::invalid("spec.maxReplicas", &Value::from(most), note));
    } else if most < least {
        let note = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &Value::from(most), note));
    }
    for (at, metric) in list(new, "/spec/metrics").iter().enumerate() {
        source(metric, &format!("spec.metrics[{at}]"), causes);
    }
    for part in ["scaleUp", "scaleDown"] {
        behavior(new, part, causes);
    }
}

fn source(metric: &Value, path: &str, causes: &mut Vec<Cause>) {
    let part = match text(metric, "/type") {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => {
            let known = ["ContainerResource", "External", "Object", "Pods", "Resource"];
            causes.push(Cause::unsupported(format!("{path}.type"), &metric["type"], &known));
            return;
        }
    };
    if metric.get(part).is_none() {
        let note = "must populate information for the given metric source";
        causes.push(Cause::required(format!("{path}.{part}"), note));
        return;
    }
    let target = &metric[part]["target"];
    if ["averageUtilization", "averageValue", "value"].iter().all(|field| target.get(*field).is_none()) {
        let note = "must set either a target raw value or a target utilization";
        causes.push(Cause::required(format!("{path}.{part}.target.averageUtilization"), note));
    }
    if int(target, "/averageUtilization").is_some_and(|percent| percent < 1) {
        let field = format!("{path}.{part}.target.averageUtilization");
        causes.push(Cause::invalid(field, &target["averageUtilization"], "must be greater than 0"));
    }
}

fn behavior(new: &Value, part: &str, causes: &mut Vec<Cause>) {
    let path = format!("spec.behavior.{part}");
    let Some(rules) = new.pointer(&format!("/spec/behavior/{part}")) else { return };
    let window = int(rules, "/stabilizationWindowSeconds").unwrap_or_default();
    if !(0..=LONGEST).contains(&window) {
        let note = format!("must be greater than or equal to 0 and less than or equal to {LONGEST}");
        causes.push(Cause::invalid(
            format!("{path}.stabilizationWindowSeconds"),
            &Value::from(window),
            &note,
        ));
    }
    for (at, policy) in list(rules, "/policies").iter().enumerate() {
        for (field, limit) in [("value", i64::from(i32::MAX)), ("periodSeconds", LONGEST_PERIOD)] {
            let value = int(policy, &format!("/{field}")).unwrap_or_default();
            let own = format!("{path}.policies[{at}].{field}");
            if value < 1 {
                causes.push(Cause::invalid(own, &Value::from(value), "must be greater than zero"));
            } else if value > limit {
                let note = format!("must be less than or equal to {limit}");
                causes.push(Cause::invalid(own, &Value::from(value), &note));
            }
        }
    }
}
