//! What is not loaded, and what the person who tried is told.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Guest, brief, catalog, limits};
use crate::plugin::wasm::{Host, Limits};
use crate::plugin::{Error, FaultKind};

async fn load(bytes: Arc<[u8]>) -> Result<(), Error> {
    Host::new(limits()).unwrap().load("p.wasm", bytes).await.map(drop)
}

fn wat(text: &str) -> Arc<[u8]> {
    wat::parse_str(text).unwrap().into()
}

async fn check(bytes: Arc<[u8]>, expected: &str) {
    let error = load(bytes).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("plugin p.wasm cannot be loaded: {expected}")), "{text}");
}

#[tokio::test]
async fn bytes_that_are_no_plugin() {
    let core = wat("(module (func (export \"render\")))");
    check(core, "it is a core module, not a component").await;
    check(Arc::from(*b""), "it is empty").await;
    check(Arc::from(*b"#!/bin/sh"), "it is not WebAssembly").await;
    check(Arc::from(*b"\0asm\x0d\0\x01\0garbage"), "").await;
    let mut cut = Guest::default().bytes().to_vec();
    cut.truncate(cut.len() / 2);
    check(cut.into(), "").await;
    let none = "it exports none of kubeorch:node-types/node-types@0.1.0, kubeorch:step/step@0.1.0, \
                kubeorch:import-analyzer/analyzer@0.1.0, kubeorch:fix-template/fix-template@0.1.0";
    check(wat("(component)"), none).await;
}

#[tokio::test]
async fn a_component_that_is_too_big() {
    let bytes = Guest::default().bytes();
    let most = bytes.len() - 1;
    let host = Host::new(Limits { component: most, ..limits() }).unwrap();
    let error = host.load("p.wasm", Arc::clone(&bytes)).await.map(drop).unwrap_err().to_string();
    let expected = format!("it has {} bytes, at most {most} are allowed", bytes.len());
    assert_eq!(error, format!("plugin p.wasm cannot be loaded: {expected}"));
}

#[tokio::test]
async fn imports_are_refused_by_name() {
    let text = Guest::default().text();
    let with = |import: &str| wat(&text.replacen("(component", &format!("(component {import}"), 1));
    let clock = "(import \"wasi:clocks/wall-clock@0.2.3\" (instance (export \"now\" (func (result u64)))))";
    check(with(clock), "it imports wasi:clocks/wall-clock@0.2.3#now, and a plugin may import nothing").await;
    check(with("(import \"log\" (func (param \"text\" string)))"), "it imports log, and").await;
    let many = ["f0", "f1", "f2", "f3", "f4", "f5", "f6"].map(|name| format!("(import \"{name}\" (func))"));
    check(with(&many.concat()), "it imports f0, f1, f2, f3, f4 and 2 more, and").await;

    // Types bring no ability.
    let types = "(import \"kubeorch:node-types/types@0.1.0\" (instance
        (type $r (record (field \"a\" u8))) (export \"r\" (type (eq $r)))))";
    load(with(types)).await.unwrap();
}

#[tokio::test]
async fn another_interface_is_told_apart() {
    let newer = Guest { interface: "kubeorch:node-types/node-types@0.2.0", ..Guest::default() };
    check(
        newer.bytes(),
        "it exports kubeorch:node-types/node-types@0.2.0, this host runs kubeorch:node-types/node-types@0.1.0",
    )
    .await;
    let patch = Guest { interface: "kubeorch:node-types/node-types@0.1.7", ..Guest::default() };
    load(patch.bytes()).await.unwrap();
    let lacking = Guest { status: "other", ..Guest::default() };
    check(lacking.bytes(), "its kubeorch:node-types/node-types@0.1.0 lacks status").await;
    let render = "(export \"render\" (func $call) (func (param \"request\" (list u8))";
    let other = Guest::default().text().replace(render, "(export \"render\" (func $list) (func");
    check(wat(&other), "render has another type: ").await;
}

#[tokio::test]
async fn more_memory_than_the_limit_from_the_start() {
    let guest = Guest { pages: 65, ..Guest::default() };
    let error = load(guest.bytes()).await.unwrap_err();
    assert_eq!(brief(&error), (FaultKind::Memory, "memory"));
}

#[tokio::test]
async fn catalogs_that_break_the_rules() {
    let type_with = |change: Value| {
        let mut catalog = catalog("test", &["thing"]);
        if let (Some(node_type), Value::Object(change)) = (catalog["nodeTypes"][0].as_object_mut(), change) {
            node_type.extend(change);
        }
        catalog
    };
    let with_entries = |ids: &[&str]| {
        let mut catalog = catalog("test", &["thing"]);
        catalog["entries"] = ids.iter().map(|id| json!({"id": id})).collect();
        catalog
    };
    let kind = |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "namespaced": true});
    for (catalog, expected) in [
        (json!({}), "its answer breaks the contract: missing field `plugin`"),
        (catalog("", &["thing"]), "plugin.id \"\" is not a name"),
        (catalog("test", &["thing", "thing"]), "\"thing\" is there twice"),
        (catalog("test", &["two words"]), "\"two words\": name \"two words\" is not a name"),
        (type_with(json!({"rank": -1})), "\"thing\": rank -1 is not between 0 and 1000"),
        (
            type_with(json!({"kinds": [kind("a/b/c", "D")]})),
            "\"thing\": kind \"D\" of \"a/b/c\" is not a kind",
        ),
        (
            type_with(json!({"kinds": [kind("a/v1", "D"), kind("a/v2", "D")]})),
            "\"thing\": kind \"D\" is there twice",
        ),
        (type_with(json!({"links": [{"role": "r", "peers": []}]})), "\"thing\": link \"r\" names no peer"),
        (
            type_with(json!({"links": [{"role": "r", "peers": ["trait:"]}]})),
            "\"thing\": a link's peer \"\" is not a name",
        ),
        (type_with(json!({"entry": "e"})), "\"thing\": there is no entry \"e\""),
        (with_entries(&["e", "e"]), "entry \"e\" is there twice"),
        (with_entries(&["an entry"]), "an entry's id \"an entry\" is not a name"),
        (
            type_with(json!({"alias": {"type": "thing", "member": ""}})),
            "\"thing\": an alias's member \"\" is not a name of letters, digits, '-', '_', '.' and '/'; \"thing\": a \
             type is no alias of itself",
        ),
        (type_with(json!({"parameters": null})), "\"thing\": parameters is not a JSON Schema object"),
        (
            type_with(json!({"rank": 2000, "parameters": {"type": "array", "properties": {"a": 1}}})),
            "\"thing\": rank 2000 is not between 0 and 1000; \"thing\": parameters must be a schema of type \
             object; \"thing\": parameter \"a\" is not a JSON Schema",
        ),
    ] {
        check(Guest::with_catalog(catalog).bytes(), expected).await;
    }
}
