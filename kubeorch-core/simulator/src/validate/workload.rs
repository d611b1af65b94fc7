//! Deployments and their kin, jobs and cron jobs.

use serde_json::Value;

use super::{meta, pod};
use crate::api::status::Cause;
use crate::store::selects;
use crate::value::{int, list, map, text};

pub(super) fn controller(new: &Value, causes: &mut Vec<Cause>) {
    let selector = new.pointer("/spec/selector");
    let empty = |selector: &Value| {
        map(selector, "/matchLabels").is_none_or(serde_json::Map::is_empty)
            && list(selector, "/matchExpressions").is_empty()
    };
    let template = &new["spec"]["template"];
    match selector {
        None | Some(Value::Null) => causes.push(Cause::required("spec.selector", "")),
        Some(selector) if empty(selector) => {
            let note = "empty selector is invalid for deployment";
            causes.push(Cause::invalid("spec.selector", selector, note));
        }
        Some(selector) if !selects(Some(selector), template) => {
            let labels = template.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
            let note = "`selector` does not match template `labels`";
            causes.push(Cause::invalid("spec.template.metadata.labels", &labels, note));
        }
        Some(_) => {}
    }
    if int(new, "/spec/replicas").is_some_and(|replicas| replicas < 0) {
        let note = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &new["spec"]["replicas"], note));
    }
    let claims: Vec<_> =
        list(new, "/spec/volumeClaimTemplates").iter().map(|claim| text(claim, "/metadata/name")).collect();
    self::template(template, "spec.template", &["Always"], &claims, causes);
}

pub(super) fn job(new: &Value, path: &str, causes: &mut Vec<Cause>) {
    let pointer = format!("/{}/template", path.replace('.', "/"));
    let template = new.pointer(&pointer).cloned().unwrap_or(Value::Null);
    self::template(&template, &format!("{path}.template"), &["OnFailure", "Never"], &[], causes);
}

pub(super) fn cron_job(new: &Value, causes: &mut Vec<Cause>) {
    let schedule = text(new, "/spec/schedule");
    if schedule.is_empty() {
        causes.push(Cause::required("spec.schedule", ""));
    } else if !crate::controllers::valid_schedule(schedule) {
        let note = "expected a schedule of five fields or a @name";
        causes.push(Cause::invalid("spec.schedule", &new["spec"]["schedule"], note));
    }
    job(new, "spec.jobTemplate.spec", causes);
}

fn template(template: &Value, path: &str, policies: &[&str], claims: &[&str], causes: &mut Vec<Cause>) {
    meta::labels(template, "/metadata/labels", &format!("{path}.metadata.labels"), causes);
    pod::spec(&template["spec"], &format!("{path}.spec"), claims, causes);
    let policy = text(template, "/spec/restartPolicy");
    if matches!(policy, "Always" | "OnFailure" | "Never") && !policies.contains(&policy) {
        let field = format!("{path}.spec.restartPolicy");
        causes.push(Cause::unsupported(field, &template["spec"]["restartPolicy"], policies));
    }
}
