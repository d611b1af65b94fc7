//! What the check of a plugin finds: hand-written components, each wrong in its own way.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::Part;
use super::{ANSWER, Guest, catalog, limits};
use crate::plugin::World;
use crate::plugin::wasm::check::{Report, Severity};
use crate::plugin::wasm::{Host, Limits};

async fn report(bytes: impl Into<std::sync::Arc<[u8]>>) -> Report {
    Host::new(Limits { memo: 0, ..limits() }).unwrap().check("test.wasm", bytes).await
}

fn codes(report: &Report, severity: Severity) -> Vec<&str> {
    let found = report.findings.iter().filter(|finding| finding.severity == severity);
    found.map(|finding| finding.code.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// An answer that every function may give.
const GOOD: &str = r#"{"phase":"ready","status":{}}"#;

#[tokio::test]
async fn what_functions_do_is_told_by_code() {
    for (call, answer, expected) in [
        // Answers whatever it is asked, so malformed requests too.
        (ANSWER, GOOD, vec!["contract.accepted"]),
        (ANSWER, "[]", vec!["contract.accepted", "contract.answer"]),
        ("(call $failure)", GOOD, vec!["contract.refused"]),
        ("(unreachable)", GOOD, vec!["contract.trap"]),
        ("(call $recurse (i32.const 0))", GOOD, vec!["limits.passed"]),
        // As many bytes as the request has: what it does not know changes what it answers.
        (
            "(call $ok (i32.const 0x1000) (local.get 1))",
            GOOD,
            vec!["contract.accepted", "contract.answer", "contract.unknown_members"],
        ),
    ] {
        let guest = Guest { call, ..Guest::answering(answer) };
        let report = report(guest.bytes()).await;
        let found = codes(&report, Severity::Error);
        assert_eq!(found, expected, "{call}\n{:#?}", report.findings);
        assert!(report.findings.iter().all(|finding| !finding.fix.is_empty() && !finding.subject.is_empty()));
        assert!(report.findings.is_sorted_by_key(|finding| finding.severity), "errors first");
        assert!(!report.passed());
    }
}

#[tokio::test]
async fn what_a_host_does_not_take_is_told_without_a_call() {
    let core = wat::parse_str("(module)").unwrap();
    for (bytes, expected) in [
        (b"<html>".to_vec(), vec!["component.malformed", "component.refused"]),
        (core, vec!["component.core_module", "component.refused"]),
        (wat::parse_str("(component)").unwrap(), vec!["component.refused"]),
        (
            wat::parse_str(r#"(component (import "wasi:cli/run@0.2.0" (instance (export "run" (func)))))"#)
                .unwrap(),
            vec!["component.refused"],
        ),
    ] {
        let report = report(bytes).await;
        assert_eq!(codes(&report, Severity::Error), expected, "{:#?}", report.findings);
        assert_eq!((report.calls, report.plugin), (0, None));
    }
}

#[tokio::test]
async fn a_catalog_is_read_with_the_eyes_of_a_user() {
    let check = async |change: fn(&mut Value), code: &str, subject: &str| {
        let mut catalog = catalog("test", &["thing"]);
        change(&mut catalog);
        let report = report(Guest::with_catalog(catalog).bytes()).await;
        let found = report.findings.iter().any(|found| found.code == code && found.subject == subject);
        assert!(found, "{code} {subject}\n{:#?}", report.findings);
    };
    check(|it| it["plugin"]["version"] = json!("one"), "catalog.version", "plugin version").await;
    check(|it| it["nodeTypes"] = json!([]), "catalog.empty", "list-types").await;
    check(|it| it["nodeTypes"][0]["title"] = json!(" "), "catalog.text", "thing title").await;
    check(|it| it["nodeTypes"][0]["difficulty"] = json!("nasty"), "catalog.word", "thing difficulty").await;
    for (member, schema) in [
        ("type", json!({ "type": "text" })),
        ("enum", json!({ "enum": [] })),
        ("enum", json!({ "type": "string", "enum": [1] })),
        ("default", json!({ "type": "string", "default": 1 })),
        ("default", json!({ "enum": ["a"], "default": "b" })),
        ("default", json!({ "type": "integer", "minimum": 1, "default": 0 })),
        ("minimum", json!({ "minimum": 2, "maximum": 1 })),
        ("maximum", json!({ "maximum": "many" })),
        ("required", json!({ "required": ["gone"] })),
        ("properties", json!({ "properties": [] })),
        ("items.type", json!({ "items": { "type": "text" } })),
        ("x-dependsOn", json!({ "x-dependsOn": { "field": "gone" } })),
    ] {
        let mut catalog = catalog("test", &["thing"]);
        catalog["nodeTypes"][0]["parameters"] = json!({ "type": "object", "properties": { "a": schema } });
        let report = report(Guest::with_catalog(catalog).bytes()).await;
        let subject = format!("thing parameters.properties.a.{member}");
        let found = report.findings.iter().any(|it| it.code == "schema.invalid" && it.subject == subject);
        assert!(found, "{subject}\n{:#?}", report.findings);
    }
}

#[tokio::test]
async fn plugins_of_every_world_can_pass() {
    for world in World::ALL.into_iter().filter(|world| *world != World::NodeTypes) {
        let capabilities = if world == World::ImportAnalyzer {
            json!(["log", "tree"])
        } else {
            json!(["log", "effect:http"])
        };
        let manifest = json!({
            "manifest": 1, "id": "part", "name": "Part", "version": "1.0.0", "description": "A part.",
            "worlds": { world.package(): "0.1.0" }, "capabilities": capabilities,
        });
        let part = Part { manifest: Some(manifest), ..Part::of(world) };
        let report = Host::new(limits()).unwrap().check("part.wasm", part.bytes()).await;
        let found = [codes(&report, Severity::Error), codes(&report, Severity::Warning)].concat();
        assert!(
            !found.contains(&"catalog.empty") && !found.contains(&"manifest.unused"),
            "{world}: {found:?}"
        );
    }
}
