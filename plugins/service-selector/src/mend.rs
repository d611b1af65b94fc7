//! The form and the patch.

use kubeorch_plugin_sdk::{
    Failure,
    fix::{Facts, Proposal, Risk, Template, Verify},
    kubernetes::{Tree, at},
};
use serde_json::{Map, Value, json};

use crate::diagnose::{Workload, service, text, workloads};

pub(crate) fn template(facts: &Facts) -> Result<Template, Failure> {
    let workloads = workloads(facts);
    let first = workloads.first().ok_or_else(gone)?;
    let names: Vec<_> = workloads.iter().map(|it| it.name).collect();
    let form = json!({
        "type": "object",
        "required": ["workload"],
        "properties": {
            "workload": {
                "type": "string",
                "title": "Workload",
                "description": "Whose pods the service sends traffic to.",
                "enum": names,
            },
        },
    });
    let mut values = Map::new();
    values.insert("workload".to_owned(), first.name.into());
    Ok(Template {
        title: "Select the workload's pods".to_owned(),
        rationale: format!(
            "The service sends traffic to nothing. The pods of {} {} carry {}; selecting exactly these labels finds \
             them and goes on finding them.",
            first.kind,
            first.name,
            text(first.selector)
        ),
        form,
        values,
        // What has no pod behind it serves nobody who could be harmed.
        risk: Risk::Low,
        reversible: true,
    })
}

pub(crate) fn apply(facts: &Facts, values: &Map<String, Value>) -> Result<Proposal, Failure> {
    let workloads = workloads(facts);
    let chosen = values.get("workload").and_then(Value::as_str);
    let workload = match chosen {
        Some(name) => workloads.iter().find(|it| it.name == name).ok_or_else(|| {
            Failure::new(
                "values.invalid",
                format!("{name:?} is not a workload that the service is linked to"),
            )
        })?,
        None => return Err(Failure::new("values.invalid", "the form names no workload")),
    };
    let name = service(facts).and_then(|it| at(it, &["metadata", "name"])?.as_str()).unwrap_or_default();
    Ok(Proposal {
        summary: format!("let the service {name} select {}", text(workload.selector)),
        data: Some(patch(&facts.node.data, workload)),
        objects: Vec::new(),
        verify: Some(Verify { wait: format!("the service {name} has an endpoint") }),
    })
}

/// A merge patch joins objects, so the labels that go are named as `null`. The selector wins over `targetApp`, which is
/// pointed at the workload too, for the day when somebody clears the selector.
fn patch(data: &Map<String, Value>, workload: &Workload<'_>) -> Value {
    let old = data.get("selector").and_then(Value::as_object);
    let stale = old.into_iter().flatten().filter(|(key, _)| !workload.selector.contains_key(*key));
    let selector: Tree = stale
        .map(|(key, _)| (key.clone(), Value::Null))
        .chain(workload.selector.iter().map(|(key, value)| (key.clone(), value.clone())))
        .collect();
    Tree::new().set("targetApp", workload.name).set("selector", selector).into()
}

/// The facts changed since the finding was made.
fn gone() -> Failure {
    Failure::new("facts.changed", "the service is linked to no workload any more; diagnose it again")
}
