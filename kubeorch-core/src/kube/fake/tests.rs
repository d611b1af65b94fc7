use futures::StreamExt;
use serde_json::{Value, json};

use super::{Fake, Verb};
use crate::kube::{ApplyOptions, Cluster, DeleteOptions, Error, Event, Known, Operation, Scope};
use crate::manifest::{Kind, Object};

fn config_map(name: &str, labels: &Value, data: &Value) -> Object {
    let metadata = json!({ "name": name, "namespace": "shop", "labels": labels });
    Object::new(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data }))
        .unwrap()
}

fn options(manager: &str, dry_run: bool) -> ApplyOptions {
    ApplyOptions { manager: manager.to_owned(), dry_run, ..ApplyOptions::default() }
}

#[tokio::test]
async fn applies_merge_by_manager() {
    let fake = Fake::new();
    let (none, key) = (json!({}), config_map("env", &json!({}), &json!({})).key());
    for (manager, data, dry_run, operation, live) in [
        ("us", json!({ "a": "1", "b": "1" }), true, Operation::Created, None),
        ("us", json!({ "a": "1", "b": "1" }), false, Operation::Created, Some(json!({ "a": "1", "b": "1" }))),
        (
            "us",
            json!({ "a": "1", "b": "1" }),
            false,
            Operation::Unchanged,
            Some(json!({ "a": "1", "b": "1" })),
        ),
        (
            "they",
            json!({ "c": "1" }),
            false,
            Operation::Updated,
            Some(json!({ "a": "1", "b": "1", "c": "1" })),
        ),
        ("us", json!({ "a": "2" }), true, Operation::Updated, Some(json!({ "a": "1", "b": "1", "c": "1" }))),
        ("us", json!({ "a": "2" }), false, Operation::Updated, Some(json!({ "a": "2", "c": "1" }))),
    ] {
        let object = config_map("env", &none, &data);
        let applied = fake.apply(&object, &options(manager, dry_run)).await.unwrap();
        assert_eq!(applied.operation, operation, "{data} {dry_run}");
        let held = fake.object(&key).map(|object| object.pointer("/data").cloned().unwrap_or_default());
        assert_eq!(held, live, "{data} {dry_run}");
    }
    assert_eq!(fake.called(Verb::Apply).len(), 4);
}

#[tokio::test]
async fn selectors_choose_as_kubectls_do() {
    let fake = Fake::new();
    for (name, labels) in
        [("a", json!({ "app": "web" })), ("b", json!({ "app": "db", "x": "" })), ("c", json!({}))]
    {
        fake.put(config_map(name, &labels, &json!({})).into_value());
    }
    for (labels, expected) in [
        ("", vec!["a", "b", "c"]),
        ("app=web", vec!["a"]),
        ("app==web", vec!["a"]),
        ("app!=web", vec!["b", "c"]),
        ("app", vec!["a", "b"]),
        ("!app", vec!["c"]),
        ("app in (web, db),x", vec!["b"]),
        ("app notin (web)", vec!["b", "c"]),
    ] {
        let scope = Scope { kind: Kind::new("v1", "ConfigMap"), namespace: None, labels: labels.to_owned() };
        let found = fake.list(&scope).await.unwrap();
        assert_eq!(found.iter().map(Object::name).collect::<Vec<_>>(), expected, "{labels}");
    }
}

#[tokio::test]
async fn a_watch_sees_what_enters_and_leaves_its_scope() {
    let fake = Fake::new();
    let (web, db) = (json!({ "app": "web" }), json!({ "app": "db" }));
    fake.put(config_map("a", &web, &json!({})).into_value());
    let scope = Scope {
        kind: Kind::new("v1", "ConfigMap"),
        namespace: Some("shop".into()),
        labels: "app=web".into(),
    };
    let events = fake.watch(&scope);
    fake.put(config_map("b", &db, &json!({})).into_value());
    fake.put(config_map("b", &web, &json!({})).into_value());
    fake.put(config_map("a", &db, &json!({})).into_value());
    fake.remove(&config_map("b", &web, &json!({})).key());
    fake.disturb_watches(&Error::Denied("no".into()));
    let told: Vec<_> = events
        .map(|event| match event {
            Ok(Event::Applied(object)) => format!("+{}", object.name()),
            Ok(Event::Deleted(object)) => format!("-{}", object.name()),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        })
        .collect()
        .await;
    assert_eq!(told, ["+a", "Synced", "+b", "-a", "-b", "the API server refused: no"]);
}

#[tokio::test]
async fn scripted_errors_and_the_uid_guard_hold_once() {
    let fake = Fake::new();
    let object = config_map("env", &json!({}), &json!({}));
    let uid = fake.put(object.to_value()).uid().map(str::to_owned);
    fake.fail(Verb::Delete, "ConfigMap shop/env", Error::Unreachable("broke".into()));
    let any = DeleteOptions::default();
    let of = |uid: &str| DeleteOptions { uid: Some(uid.to_owned()), ..DeleteOptions::default() };
    let uid = uid.unwrap();
    assert!(fake.delete(&object.key(), &any).await.is_err());
    for (options, expected) in [
        (of("another"), false),
        (DeleteOptions { dry_run: true, ..of(&uid) }, true),
        (of(&uid), true),
        (any, false),
    ] {
        assert_eq!(fake.delete(&object.key(), &options).await.unwrap().found, expected, "{options:?}");
    }
}

#[tokio::test]
async fn what_the_caller_knows_decides_what_it_is_told() {
    let fake = Fake::new();
    let object = config_map("env", &json!({}), &json!({ "a": "1" }));
    let absent = ApplyOptions { known: Some(Known::Absent), ..ApplyOptions::default() };
    let made = fake.apply(&object, &absent).await.unwrap();
    assert_eq!(made.operation, Operation::Created);
    let version = made.object.resource_version().unwrap().to_owned();
    for (known, dry_run, expected) in [
        (Known::At(version.clone()), false, Operation::Unchanged),
        (Known::At(version), true, Operation::Updated),
        (Known::At("0".into()), false, Operation::Updated),
        (Known::Absent, false, Operation::Updated),
    ] {
        let options = ApplyOptions { known: Some(known), dry_run, ..ApplyOptions::default() };
        assert_eq!(fake.apply(&object, &options).await.unwrap().operation, expected, "{options:?}");
    }
}

#[tokio::test]
async fn heads_tell_who_owns_an_object() {
    let fake = Fake::new();
    let mut live = config_map("env", &json!({ "app": "web" }), &json!({})).into_value();
    live["metadata"]["managedFields"] = json!([{ "manager": "helm" }]);
    live["metadata"]["ownerReferences"] = json!([{ "controller": true }]);
    fake.put(live);
    fake.put(config_map("other", &json!({}), &json!({})).into_value());
    fake.apply(&config_map("env", &json!({}), &json!({})), &options("us", false)).await.unwrap();
    let scope = Scope { kind: Kind::new("v1", "ConfigMap"), namespace: None, labels: "app".to_owned() };
    let heads = fake.heads(&scope).await.unwrap();
    assert_eq!((heads.len(), heads[0].controlled), (1, true));
    assert_eq!(heads[0].managers, ["helm", "us"]);
    assert_eq!(heads[0].labels["app"], "web");
    assert_eq!(fake.called(Verb::Heads), ["ConfigMap"]);
}
