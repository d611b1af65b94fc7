//! KubeOrch template: a fix for deployments that are scaled to zero.

use kubeorch_plugin_sdk::{
    Failure, PluginInfo, Severity, export_plugin,
    fix::{
        ApplyRequest, Catalog, DiagnoseRequest, Diagnosis, Finding, FindingKind, Fixes, Proposal, Risk,
        Subject, Template, TemplateRequest, Verify, Want, unknown_finding,
    },
    kubernetes::at,
};
use serde_json::{Map, Value, json};

/// This plugin.
#[derive(Debug)]
pub struct Plugin;

/// Its one finding.
const NO_REPLICAS: &str = concat!(env!("CARGO_PKG_NAME"), ".scaled_to_zero");
/// The most pods that it proposes.
const MOST: u64 = 100;

impl Fixes for Plugin {
    fn catalog() -> Catalog {
        let plugin = PluginInfo {
            id: env!("CARGO_PKG_NAME"),
            name: "KubeOrch template",
            version: env!("CARGO_PKG_VERSION"),
            description: env!("CARGO_PKG_DESCRIPTION"),
        };
        let finding = FindingKind {
            code: NO_REPLICAS.to_owned(),
            title: "Scaled to zero".to_owned(),
            severity: Severity::Warning,
            description: "The deployment is told to have no pods.".to_owned(),
        };
        Catalog { plugin: plugin.into(), findings: vec![finding], wants: vec![Want::Live] }
    }

    fn diagnose(request: &DiagnoseRequest) -> Result<Diagnosis, Failure> {
        let scaled = |object: &&Value| at(object, &["spec", "replicas"]) == Some(&json!(0));
        let findings = request.facts.live("Deployment").filter(scaled).map(finding).collect();
        Ok(Diagnosis { findings, wants: Vec::new() })
    }

    fn template(request: &TemplateRequest) -> Result<Template, Failure> {
        known(&request.finding.code)?;
        let replicas = json!({ "type": "integer", "title": "Replicas", "minimum": 1, "maximum": MOST });
        let mut values = Map::new();
        values.insert("replicas".to_owned(), 1.into());
        Ok(Template {
            title: "Give it pods".to_owned(),
            rationale: "Nothing runs while a deployment is told to have no pods.".to_owned(),
            form: json!({ "type": "object", "required": ["replicas"], "properties": { "replicas": replicas } }),
            values,
            risk: Risk::Low,
            reversible: true,
        })
    }

    /// What the form says may have been changed on its way, so it is looked at again.
    fn apply(request: &ApplyRequest) -> Result<Proposal, Failure> {
        known(&request.finding.code)?;
        let replicas = request.values.get("replicas").and_then(Value::as_u64);
        let Some(replicas) = replicas.filter(|count| (1..=MOST).contains(count)) else {
            return Err(Failure::new("values.invalid", format!("replicas is not between 1 and {MOST}")));
        };
        let name = &request.finding.subject.name;
        Ok(Proposal {
            summary: format!("scale {name} to {replicas}"),
            data: Some(json!({ "replicas": replicas })),
            objects: Vec::new(),
            verify: Some(Verify { wait: format!("{name} has an available pod") }),
        })
    }
}

export_plugin!(fix: Plugin);

fn known(code: &str) -> Result<(), Failure> {
    if code == NO_REPLICAS { Ok(()) } else { Err(unknown_finding(code)) }
}

fn finding(deployment: &Value) -> Finding {
    let subject = Subject::of(deployment);
    Finding {
        code: NO_REPLICAS.to_owned(),
        message: format!("{} is told to have no pods", subject.name),
        hint: "give it at least one replica".to_owned(),
        severity: Severity::Warning,
        subject,
        // Somebody may have meant it.
        confidence: 70,
        evidence: Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use kubeorch_plugin_sdk::fix::Fixes;
    use serde_json::{from_value, json};

    use super::{NO_REPLICAS, Plugin};

    /// `cargo test` runs the code as a program of this machine; `kubeorch plugin test` runs the component.
    #[test]
    fn a_number_out_of_bounds_is_refused() {
        let subject = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" });
        let finding =
            json!({ "code": NO_REPLICAS, "message": "", "severity": "warning", "subject": subject });
        let facts = json!({ "node": { "id": "n1", "type": "deployment", "data": {} } });
        for replicas in [json!(0), json!(101), json!("1"), json!(null)] {
            let values = json!({ "replicas": replicas });
            let request = json!({ "finding": finding, "facts": facts, "values": values });
            let refused = Plugin::apply(&from_value(request).unwrap()).unwrap_err();
            assert_eq!(refused.code, "values.invalid", "{replicas}");
        }
    }
}
