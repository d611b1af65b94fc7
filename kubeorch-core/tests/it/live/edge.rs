//! The trait of a cluster, answered by one.

use futures::StreamExt;
use kubeorch_core::kube::{ApplyOptions, DeleteOptions, Error, Event, Operation, Scope};
use kubeorch_core::manifest::{Key, Kind, Object};
use serde_json::{Value, json};

use super::target::{PATIENCE, Target};

fn config(target: &Target, name: &str, data: &Value) -> Object {
    let meta = json!({ "name": name, "namespace": target.namespace });
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data });
    Object::new(object).unwrap()
}

fn of(uid: &str) -> DeleteOptions {
    DeleteOptions { uid: Some(uid.into()), ..DeleteOptions::default() }
}

fn by(manager: &str, force: bool, dry_run: bool) -> ApplyOptions {
    ApplyOptions { manager: manager.into(), force, dry_run, known: None }
}

#[tokio::test]
async fn the_server_says_what_it_is_and_what_it_serves() {
    let target = Target::furnished().await;
    let info = target.cluster.info().await.unwrap();
    assert!(info.version.starts_with("v1.") && info.platform.contains('/'), "{info:?}");
    assert!(info.node_count > 0 && info.namespaces.contains(&target.namespace), "{info:?}");
    for (version, kind, served) in [
        ("v1", "ConfigMap", Some(true)),
        ("v1", "Namespace", Some(false)),
        ("apps/v1", "Deployment", Some(true)),
        ("apps/v1", "Deploy", None),
        ("apps/v1beta1", "Deployment", None),
        ("none.example/v1", "Nothing", None),
    ] {
        let answer = target.cluster.namespaced(&Kind::new(version, kind)).await.unwrap();
        assert_eq!(answer, served, "{version} {kind}");
    }
    target.end().await;
}

#[tokio::test]
async fn applying_says_what_it_did_and_a_dry_run_does_nothing() {
    let target = Target::furnished().await;
    let cluster = &target.cluster;
    let (one, two) = (json!({ "a": "1" }), json!({ "a": "2" }));
    for (data, dry_run, operation) in [
        (&one, true, Operation::Created),
        (&one, false, Operation::Created),
        (&one, false, Operation::Unchanged),
        (&two, true, Operation::Updated),
        (&two, false, Operation::Updated),
    ] {
        let object = config(&target, "conf", data);
        let applied = cluster.apply(&object, &by("us", false, dry_run)).await.unwrap();
        assert_eq!(applied.operation, operation, "{data} {dry_run}");
        assert_eq!(applied.object.pointer("/data"), Some(data));
    }
    let other = cluster.apply(&config(&target, "conf", &one), &by("them", false, false)).await;
    let Err(Error::Conflict { causes, .. }) = other else { panic!("{other:?}") };
    assert!(causes.len() == 1 && causes[0].manager == "us" && causes[0].field == ".data.a", "{causes:?}");
    cluster.apply(&config(&target, "conf", &one), &by("them", true, false)).await.unwrap();
    // What nobody asks for any more goes with its last manager.
    for (manager, left) in [("us", true), ("them", false)] {
        cluster.apply(&config(&target, "conf", &json!({})), &by(manager, false, false)).await.unwrap();
        let found = target.object(("v1", "ConfigMap"), "conf").await.unwrap();
        assert_eq!(found.pointer("/data/a").is_some(), left, "{manager}");
    }
    target.end().await;
}

#[tokio::test]
async fn refusals_tell_the_field_and_the_reason() {
    let target = Target::furnished().await;
    let meta = |name: &str, namespace: &str| json!({ "name": name, "namespace": namespace });
    let own = target.namespace.as_str();
    let pod =
        |spec: Value| json!({ "apiVersion": "v1", "kind": "Pod", "metadata": meta("p", own), "spec": spec });
    for (object, told) in [
        (pod(json!({ "containers": [] })), "spec.containers"),
        (pod(json!({ "containers": [{ "name": "C_", "image": "a" }] })), "spec.containers[0].name"),
        (
            pod(json!({ "containers": [{ "name": "c", "image": "a" }], "restartPolicy": "Perhaps" })),
            "spec.restartPolicy",
        ),
        (
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("Bad_Name", own) }),
            "a lowercase RFC 1123 subdomain",
        ),
        (
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("a", "nowhere-at-all") }),
            "not found",
        ),
        (
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": meta("s", own),
                "spec": { "ports": [{ "port": 0 }], "selector": {} },
            }),
            "spec.ports[0].port",
        ),
        (
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("d", own),
                "spec": {
                    "selector": { "matchLabels": { "app": "a" } },
                    "template": {
                        "metadata": { "labels": { "app": "b" } },
                        "spec": { "containers": [{ "name": "c", "image": "i" }] },
                    },
                },
            }),
            "`selector` does not match template `labels`",
        ),
    ] {
        let object = Object::new(object).unwrap();
        let error = target.cluster.apply(&object, &by("us", false, true)).await.unwrap_err();
        assert!(matches!(error, Error::Rejected { .. }), "{}: {error:?}", object.key());
        assert!(error.to_string().contains(told), "no {told:?} in {error}");
    }
    // The server answers 500 for a field that no kind has.
    let unknown = pod(json!({ "containers": [{ "name": "c", "image": "a", "imag": "b" }] }));
    let error =
        target.cluster.apply(&Object::new(unknown).unwrap(), &by("us", false, true)).await.unwrap_err();
    let told = "v1, Kind=Pod): .spec.containers[name=\"c\"].imag: field not declared in schema";
    assert!(error.to_string().contains(told), "{error}");
    target.end().await;
}

#[tokio::test]
async fn deleting_guards_against_successors_and_forgives_what_is_gone() {
    let target = Target::furnished().await;
    let key = target.key(("v1", "ConfigMap"), "conf");
    let made =
        target.cluster.apply(&config(&target, "conf", &json!({})), &by("us", false, false)).await.unwrap();
    let other = target.cluster.delete(&key, &of("00000000-0000-4000-8000-000000000000")).await;
    assert!(target.cluster.get(&key).await.unwrap().is_some(), "{other:?}");
    assert!(target.cluster.delete(&key, &of(made.object.uid().unwrap())).await.unwrap().found);
    assert!(!target.cluster.delete(&key, &DeleteOptions::default()).await.unwrap().found);
    let unknown = Key { kind: Kind::new("none.example/v1", "Nothing"), namespace: None, name: "a".into() };
    assert_eq!(target.cluster.get(&unknown).await.ok().flatten(), None);
    target.end().await;
}

#[tokio::test]
async fn a_watch_tells_what_is_there_then_every_change_in_order() {
    let target = Target::furnished().await;
    let apply = async |name: &str, data: Value| {
        target.cluster.apply(&config(&target, name, &data), &by("us", false, false)).await.unwrap();
    };
    let mut labelled = config(&target, "mine", &json!({}));
    labelled.set_label("watch", "me");
    target.cluster.apply(&labelled, &by("us", false, false)).await.unwrap();
    let kind = Kind::new("v1", "ConfigMap");
    let scope = Scope { kind, namespace: Some(target.namespace.clone()), labels: "watch=me".into() };
    let mut watch = target.cluster.watch(&scope);
    let mut next = async || tokio::time::timeout(PATIENCE, watch.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(next().await, Event::Applied(object) if object.name() == "mine"));
    assert_eq!(next().await, Event::Synced);
    apply("other", json!({ "a": "1" })).await;
    for value in ["1", "2"] {
        let mut changed = config(&target, "mine", &json!({ "a": value }));
        changed.set_label("watch", "me");
        target.cluster.apply(&changed, &by("us", false, false)).await.unwrap();
        let event = next().await;
        assert!(
            matches!(&event, Event::Applied(seen) if seen.pointer("/data/a") == Some(&json!(value))),
            "{event:?}"
        );
    }
    // To a watch by label an object that loses it is gone.
    apply("mine", json!({ "a": "2" })).await;
    assert!(matches!(next().await, Event::Deleted(object) if object.name() == "mine"));
    target.end().await;
}

#[tokio::test]
async fn a_kind_is_served_once_it_is_defined() {
    let target = Target::furnished().await;
    // Definitions belong to the whole cluster, so every run has a group of its own.
    let group = format!("{}.kubeorch.example", target.namespace);
    let kind = Kind::new(format!("{group}/v1"), "Lamp");
    assert_eq!(target.cluster.namespaced(&kind).await.unwrap(), None);
    let schema = json!({
        "type": "object",
        "properties": { "spec": { "type": "object", "properties": { "watts": { "type": "integer" } } } },
    });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("lamps.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "kind": "Lamp", "plural": "lamps", "singular": "lamp", "listKind": "LampList" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    });
    let scope =
        Scope { kind: kind.clone(), namespace: Some(target.namespace.clone()), labels: String::new() };
    let mut watch = target.cluster.watch(&scope);
    let made = target.apply("us", definition).await;
    let meta = json!({ "name": "desk", "namespace": target.namespace });
    let lamp = |watts: i64| {
        let lamp = json!({ "apiVersion": kind.api_version, "kind": "Lamp", "metadata": meta, "spec": { "watts": watts } });
        Object::new(lamp).unwrap()
    };
    let definitions = Scope {
        kind: Kind::new("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        namespace: None,
        labels: String::new(),
    };
    let mut news = target.cluster.watch(&definitions);
    let established = async {
        while let Some(event) = news.next().await {
            let Ok(Event::Applied(object)) = event else { continue };
            let conditions = object.pointer("/status/conditions").cloned().unwrap_or_default();
            let on = |one: &Value| one["type"] == "Established" && one["status"] == "True";
            if object.name() == made.name() && conditions.as_array().is_some_and(|all| all.iter().any(on)) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, established).await.unwrap();
    target.cluster.apply(&lamp(60), &by("us", false, false)).await.unwrap();
    let seen = async {
        loop {
            if matches!(watch.next().await, Some(Ok(Event::Applied(object))) if object.name() == "desk") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
    target.cluster.delete(&made.key(), &DeleteOptions::default()).await.unwrap();
    target.end().await;
}
