//! The registry as a sandbox whose plugins come and go.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Guest, catalog, limits, request};
use crate::plugin::manifest::SECTION;
use crate::plugin::wasm::{Host, Registry, WasmSandbox};
use crate::plugin::{About, Candidate, Error, NodeTypes, Sandbox};

/// A component of these types, with the section of a manifest behind it.
fn component(version: &str, types: &[&str], manifest: Option<&Value>) -> Arc<[u8]> {
    let mut catalog = catalog("a", types);
    catalog["plugin"]["version"] = version.into();
    let mut bytes = Guest::with_catalog(catalog).bytes().to_vec();
    if let Some(manifest) = manifest {
        let manifest = manifest.to_string();
        let length = SECTION.len() + 1 + manifest.len();
        // Custom section, its length in two bytes of seven bits, the length of its name in one.
        bytes.extend([0, u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()]);
        bytes.push(u8::try_from(SECTION.len()).unwrap());
        bytes.extend([SECTION.as_bytes(), manifest.as_bytes()].concat());
    }
    bytes.into()
}

#[tokio::test]
async fn a_component_is_served_from_when_it_is_put_until_it_is_removed() {
    let host = Host::new(limits()).unwrap();
    let registry = Arc::new(Registry::default());
    let sandbox = WasmSandbox::new(host, registry.clone());
    let manifest = json!({ "manifest": 1, "id": "a", "name": "A", "version": "1.0.0", "description": "",
        "worlds": { "kubeorch:node-types": "0.1.0" }, "capabilities": ["log"] });
    let load = async |version: &str, types: &[&str], manifest: Option<&Value>| {
        sandbox.load("a.wasm", component(version, types, manifest)).await
    };
    let first = load("1.0.0", &["thing"], Some(&manifest)).await.unwrap();
    let About { manifest: told, digest, .. } = first.about();
    assert_eq!(told.as_ref().unwrap().capabilities, ["log"]);
    assert_eq!(digest.len(), 64);
    assert!(registry.find("thing").is_none());

    sandbox.put(first).unwrap();
    assert!(registry.find("thing").is_some());
    sandbox.put(load("2.0.0", &["thing", "other"], None).await.unwrap()).unwrap();
    let served: Vec<_> = sandbox.plugins().into_iter().map(|about| about.info.version).collect();
    assert_eq!(served, ["2.0.0"]);
    registry.render(&request(json!({}))).await.unwrap();
    registry.render(&request(json!({}))).await.unwrap();
    let usage = &sandbox.usage()[0];
    assert_eq!((usage.version.as_str(), usage.calls, usage.hits, usage.faults), ("2.0.0", 1, 1, 0));

    assert!(sandbox.remove("a") && !sandbox.remove("a"));
    assert!(registry.find("thing").is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_manifest_or_a_candidate_is_told() {
    let sandbox = WasmSandbox::new(Host::new(limits()).unwrap(), Arc::default());
    let refused = sandbox.load("a.wasm", component("1.0.0", &[], Some(&json!({ "manifest": 7 })))).await;
    let Err(Error::Invalid { plugin, reason }) = refused.map(drop) else { panic!("it was loaded") };
    assert_eq!(plugin, "a.wasm");
    assert!(reason.contains("this host reads form 1 and finds 7"), "{reason}");
    let good = sandbox.load("a.wasm", component("1.0.0", &[], None)).await.unwrap();
    let stranger = Candidate::new(good.about().clone(), "another sandbox's");
    let reason = "it was loaded by another sandbox".to_owned();
    assert_eq!(sandbox.put(stranger), Err(Error::Invalid { plugin: "a".into(), reason }));
}
