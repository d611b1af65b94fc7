//! The OpenAPI description: its golden, and that it says what the router does.

use kubeorch_http::{Permission, contract};
use serde_json::Value;

use crate::support::{App, golden};

#[tokio::test]
async fn the_description_is_the_golden_one() {
    let app = App::new().await;
    let json = app.call("GET", "/v1/api-docs/json", "", "").await;
    assert_eq!(json.status, 200);
    golden("openapi.json", &(json.text.clone() + "\n"));
    let yaml = app.call("GET", "/v1/api-docs", "", "").await;
    assert_eq!(yaml.header("content-type"), Some("application/yaml"));
    let from_yaml: Value = serde_saphyr::from_str(&yaml.text).unwrap();
    assert_eq!(from_yaml, json.json());
}

#[tokio::test]
async fn every_route_is_described_with_its_permission_and_answers() {
    let app = App::new().await;
    let contract = contract(app.engine.clone());
    let mut ids = std::collections::BTreeSet::new();
    for row in &contract.rows {
        let operation = &contract.openapi["paths"][&row.path][row.method.to_lowercase()];
        let name = format!("{} {}", row.method, row.path);
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: id used twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        let secured = operation["security"].as_array().is_some_and(|list| !list.is_empty());
        assert_eq!(secured, row.permission != Permission::Public, "{name}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{name}");
        assert_eq!(
            answers.contains_key("401"),
            secured || row.path.ends_with("/refresh") || row.path.ends_with("/login"),
            "{name}"
        );
        for part in row.path.split('/').filter(|part| part.starts_with('{')) {
            let listed = operation["parameters"].as_array().into_iter().flatten();
            assert!(
                listed.into_iter().any(|p| format!("{{{}}}", p["name"].as_str().unwrap()) == part),
                "{name}"
            );
        }
    }
    let described: usize = contract.openapi["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum();
    assert_eq!(described, contract.rows.len());
    references(&contract.openapi, &contract.openapi);
}

/// Every `$ref` leads somewhere.
fn references(value: &Value, root: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                assert!(root.pointer(target.trim_start_matches('#')).is_some(), "{target} leads nowhere");
            }
            map.values().for_each(|value| references(value, root));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, root)),
        _ => {}
    }
}
