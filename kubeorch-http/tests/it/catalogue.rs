//! The built catalogue of operators in its sandbox: the same answers as natively.

use std::path::{Path, PathBuf};

use kubeorch_core::plugin::{NodeInput, NodeTypes, Registry, RenderRequest};
use serde_json::{Map, Value};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/crd-catalog/tests/golden").join(name)
}

#[tokio::test]
async fn the_component_answers_as_the_goldens_say() {
    let mut plugins = Registry::builder();
    for plugin in kubeorch_plugins::node_types() {
        plugins = plugins.plugin(plugin.name, plugin.component);
    }
    let types = plugins.try_build().await.unwrap();
    let catalogue: Vec<_> = types.list().into_iter().filter(|info| info.plugin == "crd-catalog").collect();
    assert_eq!(catalogue.len(), 73);
    for info in catalogue {
        let text = std::fs::read_to_string(golden(&format!("render/{}.json", info.name))).unwrap();
        let cases: Map<String, Value> = serde_json::from_str(&text).unwrap();
        for (name, case) in &cases {
            let data = case["data"].as_object().unwrap().clone();
            let node = NodeInput { id: "node-1".into(), kind: info.name.clone(), data };
            let rendered = types.render(&RenderRequest { node, links: Vec::new() }).await.unwrap();
            if let Some(objects) = case.get("objects").and_then(Value::as_array) {
                assert!(rendered.findings.is_empty(), "{} {name}", info.name);
                let found: Vec<_> =
                    rendered.objects.iter().map(|out| out.object.clone().into_value()).collect();
                assert_eq!(&found, objects, "{} {name}", info.name);
            } else {
                let found: Vec<&str> = rendered.findings.iter().map(|it| it.code.as_str()).collect();
                let codes = case["findings"].as_array().unwrap().iter();
                let expected: Vec<_> = codes.map(|it| it["code"].as_str().unwrap()).collect();
                assert_eq!(found, expected, "{name}");
            }
        }
    }
}
