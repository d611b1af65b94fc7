//! Diagnoses and fixes.

use serde_json::{Value, json};

use super::world::Part;
use super::{brief, node};
use crate::plugin::fix::{ApplyRequest, DiagnoseRequest, Facts, Finding, Risk, TemplateRequest};
use crate::plugin::{Error, FaultKind, Fixes, World};

pub(super) fn facts() -> Facts {
    let live = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}});
    Facts {
        node: node(json!({})),
        neighbours: vec![],
        rendered: vec![],
        live: vec![serde_json::from_value(live).unwrap()],
        events: vec![],
        logs: vec![],
    }
}

fn finding() -> Value {
    json!({
        "code": "part.broken", "message": "it is broken", "severity": "error", "confidence": 90,
        "subject": {"apiVersion": "v1", "kind": "Pod", "name": "web", "namespace": "shop"},
    })
}

fn part(answer: &Value) -> Part {
    Part { answer: answer.to_string(), ..Part::of(World::FixTemplate) }
}

#[tokio::test]
async fn a_finding_goes_from_diagnosis_to_proposal() {
    let ask = DiagnoseRequest { facts: facts() };
    let registry =
        part(&json!({"findings": [finding()], "wants": ["logs", "events", "logs"]})).registry().await;
    let diagnosis = registry.diagnose("part", &ask).await.unwrap();
    assert_eq!((diagnosis.findings.len(), diagnosis.wants.len()), (1, 2));
    // The same question is not asked again.
    registry.diagnose("part", &ask).await.unwrap();
    assert_eq!((registry.stats()[0].calls(), registry.stats()[0].hits()), (1, 1));

    let found: Finding = diagnosis.findings[0].clone();
    let form = json!({"title": "Mend", "form": {"type": "object"}, "risk": "low", "reversible": true});
    let ask = TemplateRequest { finding: found.clone(), facts: facts() };
    let template = part(&form).registry().await.template("part", &ask).await.unwrap();
    assert_eq!((template.risk, template.reversible), (Risk::Low, true));

    let patch = json!({"summary": "mends it", "objects": [
        {"target": finding()["subject"], "type": "merge", "patch": {"spec": {}}},
    ]});
    let ask = ApplyRequest { finding: found, facts: facts(), values: serde_json::Map::default() };
    let proposal = part(&patch).registry().await.apply("part", &ask).await.unwrap();
    assert_eq!(proposal.objects[0].target.name, "web");
}

#[tokio::test]
async fn a_plugin_of_another_world_is_not_asked() {
    let registry = Part::of(World::Step).registry().await;
    let asked = registry.diagnose("part", &DiagnoseRequest { facts: facts() }).await.unwrap_err();
    assert_eq!(asked, Error::UnknownPlugin { world: World::FixTemplate, id: "part".into() });
}

#[tokio::test]
async fn answers_that_break_the_contract() {
    let with = |member: &str, value: Value| {
        let mut finding = finding();
        finding[member] = value;
        json!({"findings": [finding]})
    };
    for (answer, expected) in [
        (with("code", json!("other.code")), "finding other.code is not in its catalog"),
        (with("confidence", json!(101)), "confidence 101 is not between 0 and 100"),
        (with("message", json!("x".repeat(5000))), "a finding's text is longer than 4096 bytes"),
    ] {
        let asked =
            part(&answer).registry().await.diagnose("part", &DiagnoseRequest { facts: facts() }).await;
        assert_eq!(brief(&asked.unwrap_err()), (FaultKind::Contract, expected));
    }
    let patch = |name: &str, kind: &str, patch: Value| {
        let target = json!({"apiVersion": "v1", "kind": "Pod", "name": name, "namespace": "shop"});
        json!({"summary": "", "objects": [{"target": target, "type": kind, "patch": patch}]})
    };
    for (answer, expected) in [
        (patch("else", "merge", json!({})), "it patches Pod shop/else, which it was not shown"),
        (patch("web", "merge", json!([])), "a merge patch is not an object"),
        (patch("web", "json", json!({})), "a JSON patch is not an array"),
    ] {
        let finding = serde_json::from_value(finding()).unwrap();
        let ask = ApplyRequest { finding, facts: facts(), values: serde_json::Map::default() };
        let asked = part(&answer).registry().await.apply("part", &ask).await;
        assert_eq!(brief(&asked.unwrap_err()), (FaultKind::Contract, expected));
    }
}
