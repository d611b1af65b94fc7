use serde_json::{Value, json};

use super::{Manifest, SECTION};

fn good() -> Value {
    json!({
        "manifest": 1, "id": "acme-keda", "name": "KEDA", "version": "1.2.3", "description": "Scaling on events.",
        "license": "MIT", "homepage": "https://acme.test", "authors": ["Ana"],
        "worlds": { "kubeorch:node-types": "0.1.0" }, "capabilities": ["log"], "host": { "min": "0.1.0" },
        "later": { "unknown": true },
    })
}

/// A component of nothing but sections: a name and its content.
fn component(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for (name, data) in sections {
        let mut content = leb(name.len());
        content.extend_from_slice(name.as_bytes());
        content.extend_from_slice(data);
        bytes.push(0);
        bytes.extend(leb(content.len()));
        bytes.extend(content);
    }
    bytes
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

#[test]
fn the_section_of_a_component_is_its_manifest() {
    let json = good().to_string();
    let bytes = component(&[("producers", b"x"), (SECTION, json.as_bytes())]);
    let manifest = Manifest::of(&bytes).unwrap().unwrap();
    assert_eq!((manifest.id.as_str(), manifest.version.as_str()), ("acme-keda", "1.2.3"));
    assert_eq!(manifest.worlds["kubeorch:node-types"], "0.1.0");
    assert_eq!(manifest.capabilities, ["log"]);
    // What is written is read again.
    let written = serde_json::to_vec(&manifest).unwrap();
    assert_eq!(Manifest::parse(&written).unwrap(), manifest);
    assert_eq!(Manifest::of(&component(&[])).unwrap(), None);
}

#[test]
fn what_is_no_component_is_refused_with_a_code() {
    let json = good().to_string();
    let section: (&str, &[u8]) = (SECTION, json.as_bytes());
    let mut cut = component(&[section]);
    cut.pop();
    let big = vec![b' '; super::MAX_BYTES + 1];
    for (bytes, code) in [
        (Vec::new(), "component.malformed"),
        (b"#!/bin/sh".to_vec(), "component.malformed"),
        (b"\0asm\x01\0\0\0".to_vec(), "component.core_module"),
        (cut, "component.malformed"),
        (component(&[section, section]), "manifest.twice"),
        (component(&[(SECTION, b"[]")]), "manifest.malformed"),
        (component(&[(SECTION, &big)]), "manifest.too_large"),
    ] {
        let findings = Manifest::of(&bytes).unwrap_err();
        assert_eq!(findings.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), [code]);
    }
}

#[test]
fn every_member_is_checked() {
    for (member, value, field) in [
        ("id", json!("Acme"), "id"),
        ("id", json!("a".repeat(65)), "id"),
        ("id", json!("../etc"), "id"),
        ("id", Value::Null, "id"),
        ("name", json!("\u{1b}[31m"), "name"),
        ("version", json!("1.2"), "version"),
        ("description", json!("x".repeat(1025)), "description"),
        ("homepage", json!("javascript:alert(1)"), "homepage"),
        ("authors", json!("Ana"), "authors"),
        ("authors", json!([1]), "authors"),
        ("authors", json!(vec!["x"; 33]), "authors"),
        ("worlds", json!({}), "worlds"),
        ("worlds", json!({ "wasi:cli": "0.1.0" }), "worlds.wasi:cli"),
        ("worlds", json!({ "kubeorch:step": "0.2.0" }), "worlds.kubeorch:step"),
        ("worlds", json!({ "kubeorch:step": 1 }), "worlds.kubeorch:step"),
        ("capabilities", json!(["net"]), "capabilities"),
        ("capabilities", json!(["log", "log"]), "capabilities"),
        ("host", json!([]), "host"),
        ("host", json!({ "min": "99.0.0" }), "host.min"),
        ("manifest", json!(2), "manifest"),
    ] {
        let mut manifest = good();
        manifest[member] = value;
        let findings = Manifest::parse(manifest.to_string().as_bytes()).unwrap_err();
        let fields: Vec<_> = findings.iter().map(|finding| finding.field.as_str()).collect();
        assert_eq!(fields, [field], "{manifest}");
    }
}

#[test]
fn all_that_is_wrong_comes_at_once() {
    let findings = Manifest::parse(br#"{"manifest":1}"#).unwrap_err();
    let fields: Vec<_> = findings.iter().map(|finding| finding.field.as_str()).collect();
    assert_eq!(fields, ["id", "name", "version", "description", "worlds"]);
}
