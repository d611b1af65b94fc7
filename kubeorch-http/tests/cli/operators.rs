//! Every core node type, and custom resources of operators, in simulated clusters.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Place, Running};

const OPERATORS: &str = "\
name: operators
nodes:
  - {id: alerts, type: servicemonitor, data: {name: alerts, selector: app=alerts}}
  - id: web
    type: plugin
    data: {name: web, templateId: servicemonitor, pluginId: prometheus, selector: 'app=web,tier=front', interval: 1m}
edges: [{source: alerts, target: web}]
";

#[test]
fn all_core_node_types_get_ready() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/everything/workflow.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let types = [
        "configmap",
        "cronjob",
        "daemonset",
        "deployment",
        "hpa",
        "ingress",
        "job",
        "networkpolicy",
        "persistentvolumeclaim",
        "secret",
        "service",
        "statefulset",
    ];
    for kind in types {
        assert!(text.contains(&format!("    type: {kind}\n")), "the example has no {kind}");
    }
    let ended = Place::new().run(&["up", path.to_str().unwrap(), "-o", "json", "-q"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["ready"], true, "{answer}");
}

/// A cluster on a port, its address and the flag to reach it.
fn cluster(place: &Place) -> (Running, String, String) {
    let kubeconfig = place.path("sim.kubeconfig").to_str().unwrap().to_owned();
    let mut running =
        place.start(&["simulator", "--listen", "127.0.0.1:0", "--write-kubeconfig", &kubeconfig]);
    let address = running.line().trim().to_owned();
    (running, address, kubeconfig)
}

#[test]
fn a_cluster_without_the_operator_is_told_plainly() {
    let place = Place::new();
    let path = place.file("w.yaml", OPERATORS);
    let ended = place.run(&["up", path.to_str().unwrap()]);
    assert_ne!(ended.code, 0, "{ended:#?}");
    for node in ["alerts", "web"] {
        assert!(ended.stderr.contains(node), "{}", ended.stderr);
    }
    assert!(ended.stderr.contains("does not serve"), "{}", ended.stderr);
    assert!(ended.stderr.contains("monitoring.coreos.com/v1"), "{}", ended.stderr);
}

#[test]
fn custom_resources_are_found_by_type_and_by_template_and_applied() {
    let place = Place::new();
    let (_running, address, kubeconfig) = cluster(&place);
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "servicemonitors.monitoring.coreos.com" },
        "spec": {
            "group": "monitoring.coreos.com",
            "scope": "Namespaced",
            "names": { "plural": "servicemonitors", "singular": "servicemonitor", "kind": "ServiceMonitor" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": {} }],
        },
    });
    let mut client = Client::new(&address, "any");
    let made = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(client.send("POST", made, &definition).unwrap().0, 201);

    let path = place.file("w.yaml", OPERATORS);
    let up = || place.run(&["up", path.to_str().unwrap(), "--kubeconfig", &kubeconfig]);
    let ended = up();
    assert_eq!(ended.code, 0, "{ended:#?}");
    let monitors = "/apis/monitoring.coreos.com/v1/namespaces/default/servicemonitors";
    let (_, web) = client.send("GET", &format!("{monitors}/web"), &Value::Null).unwrap();
    assert_eq!(
        web["spec"],
        json!({
            "selector": { "matchLabels": { "app": "web", "tier": "front" } },
            "endpoints": [{ "port": "metrics", "interval": "1m" }],
        })
    );
    assert_eq!(web["metadata"]["labels"]["kubeorch.io/plugin"], "prometheus");
    let again = up();
    assert!(again.stderr.contains("0 to create, 0 to change, 0 to remove"), "{again:#?}");
}
