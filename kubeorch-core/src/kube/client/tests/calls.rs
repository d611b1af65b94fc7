//! What is sent, and what is made of the answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Answer, Pauses, Server, ok, refusal};
use crate::kube::{
    ApplyOptions, Cluster, DeleteOptions, Deleted, Error, Head, Known, Operation, Propagation, Scope,
};
use crate::manifest::{Key, Kind, Object};
use crate::time::Clock;

fn pauses() -> Arc<Pauses> {
    Arc::new(Pauses::default())
}

fn config_map(version: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "env", "namespace": "shop", "resourceVersion": version, "managedFields": [{}] },
        "data": { "key": value },
    })
}

#[tokio::test]
async fn apply_tells_what_happened() {
    let none = || refusal(404, &json!({}));
    let created = |body: &Value| Answer(201, None, body.to_string());
    for (before, after, dry_run, expected) in [
        (none(), created(&config_map("1", "a")), false, Operation::Created),
        (none(), created(&config_map("1", "a")), true, Operation::Created),
        (ok(&config_map("1", "a")), ok(&config_map("1", "a")), false, Operation::Unchanged),
        (ok(&config_map("1", "a")), ok(&config_map("2", "b")), false, Operation::Updated),
        // A dry run answers a version that was never stored.
        (ok(&config_map("1", "a")), ok(&config_map("9", "a")), true, Operation::Unchanged),
        (ok(&config_map("1", "a")), ok(&config_map("1", "b")), true, Operation::Updated),
        // Who may not read is told less.
        (refusal(403, &json!({})), ok(&config_map("2", "a")), false, Operation::Updated),
    ] {
        let server = Server::new([before, after]);
        let options = ApplyOptions { manager: "kube orch".to_owned(), dry_run, ..ApplyOptions::default() };
        let object = Object::new(config_map("1", "a")).unwrap();
        let applied = server.client(pauses()).apply(&object, &options).await.unwrap();
        assert_eq!(applied.operation, expected, "{dry_run}");
        let sent = &server.asked()[1];
        let dry = if dry_run { "&dryRun=All" } else { "" };
        assert_eq!(
            sent.line,
            format!(
                "PATCH /api/v1/namespaces/shop/configmaps/env?fieldValidation=Strict&fieldManager=kube%20orch&force=false{dry}"
            )
        );
        assert_eq!(sent.content, "application/apply-patch+yaml");
        assert_eq!(sent.body.pointer("/metadata/managedFields"), None);
    }
}

#[tokio::test]
async fn an_apply_that_knows_the_object_is_one_request() {
    let at = |version: &str| Known::At(version.to_owned());
    let created = |version| Answer(201, None, config_map(version, "a").to_string());
    for (known, answer, dry_run, expected) in [
        (Known::Absent, created("1"), false, Operation::Created),
        (Known::Absent, created("1"), true, Operation::Created),
        // Somebody was faster.
        (Known::Absent, ok(&config_map("2", "a")), false, Operation::Updated),
        (at("1"), ok(&config_map("1", "a")), false, Operation::Unchanged),
        (at("1"), ok(&config_map("2", "a")), false, Operation::Updated),
        (at("1"), ok(&config_map("1", "a")), true, Operation::Updated),
        (at("1"), created("3"), false, Operation::Created),
    ] {
        let server = Server::new([answer]);
        let options = ApplyOptions { dry_run, known: Some(known.clone()), ..ApplyOptions::default() };
        let object = Object::new(config_map("1", "a")).unwrap();
        let applied = server.client(pauses()).apply(&object, &options).await.unwrap();
        assert_eq!((applied.operation, server.lines().len()), (expected, 1), "{known:?} {dry_run}");
        assert!(server.lines()[0].contains("fieldManager=kubeorch&force=false"));
    }
}

#[tokio::test]
async fn heads_are_lists_without_content() {
    let item = json!({ "metadata": {
        "name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "7", "labels": { "app": "web" },
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": [{ "name": "a" }, { "name": "b", "controller": true }],
        "managedFields": [{ "manager": "kubeorch" }, { "manager": "hpa" }, { "manager": "kubeorch" }],
    } });
    let bare = json!({ "metadata": { "name": "bare", "namespace": "shop" } });
    let list = |items: Value, next: &str| ok(&json!({ "metadata": { "continue": next }, "items": items }));
    let server = Server::new([list(json!([item]), "t"), list(json!([bare]), "")]);
    let heads = server.client(pauses()).heads(&pods()).await.unwrap();
    let key = |name: &str| Key {
        kind: Kind::new("v1", "Pod"),
        namespace: Some("shop".into()),
        name: name.to_owned(),
    };
    let expected = Head {
        key: key("web"),
        uid: "u1".into(),
        resource_version: "7".into(),
        labels: [("app".to_owned(), "web".to_owned())].into(),
        managers: vec!["hpa".into(), "kubeorch".into()],
        controlled: true,
        deleting: true,
    };
    assert_eq!(heads[0], expected);
    assert_eq!((&heads[1].key, heads[1].controlled, heads[1].deleting), (&key("bare"), false, false));
    assert!(server.asked().iter().all(|asked| asked.accept.contains("as=PartialObjectMetadataList")));
    assert!(server.lines()[1].ends_with("&continue=t"));

    let server = Server::new([list(json!([{ "metadata": {} }]), "")]);
    assert!(matches!(server.client(pauses()).heads(&pods()).await, Err(Error::Unreachable(_))));
}

#[tokio::test]
async fn names_cannot_leave_their_place_in_the_path() {
    let key = |namespace: &str, name: &str| Key {
        kind: Kind::new("v1", "Pod"),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    };
    for (namespace, name, expected) in [
        ("shop", "a/../../nodes", Some("GET /api/v1/namespaces/shop/pods/a%2F..%2F..%2Fnodes")),
        ("sh?p", "a#b", Some("GET /api/v1/namespaces/sh%3Fp/pods/a%23b")),
        ("shop", "..", None),
        ("..", "a", None),
        ("shop", "", None),
    ] {
        let server = Server::new([refusal(404, &json!({}))]);
        let result = server.client(pauses()).get(&key(namespace, name)).await;
        match expected {
            Some(line) => assert_eq!((server.lines(), result), (vec![line.to_owned()], Ok(None)), "{name}"),
            None => assert!(matches!(result, Err(Error::Rejected { .. })) && server.lines().is_empty()),
        }
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

fn page(names: &[&str], next: &str) -> Answer {
    let items: Vec<_> = names.iter().map(|name| json!({ "metadata": { "name": name } })).collect();
    ok(
        &json!({ "kind": "PodList", "metadata": { "continue": next, "resourceVersion": "7" }, "items": items }),
    )
}

fn pods() -> Scope {
    Scope { kind: Kind::new("v1", "Pod"), namespace: Some("shop".into()), labels: "app in (a, b)".into() }
}

#[tokio::test]
async fn lists_go_page_by_page_and_start_over_when_they_expire() {
    let server = Server::new([
        page(&["a", "b"], "t/1"),
        refusal(410, &json!({ "reason": "Expired" })),
        page(&["a"], "t2"),
        page(&["c"], ""),
    ]);
    let found = server.client(pauses()).list(&pods()).await.unwrap();
    let names: Vec<_> = found.iter().map(Object::name).collect();
    assert_eq!((names, found[0].kind()), (vec!["a", "c"], Kind::new("v1", "Pod")));
    let path = "GET /api/v1/namespaces/shop/pods?limit=500&labelSelector=app%20in%20%28a%2C%20b%29";
    assert_eq!(
        server.lines(),
        [path.to_owned(), format!("{path}&continue=t%2F1"), path.to_owned(), format!("{path}&continue=t2")]
    );
}

#[tokio::test]
async fn deletes_mean_one_object() {
    let key = Key { kind: Kind::new("v1", "Node"), namespace: Some("ignored".into()), name: "n".into() };
    let leaving = |more: Value| {
        let mut object = json!({ "metadata": { "name": "n", "deletionTimestamp": "2026-01-01T00:00:00Z" } });
        object["metadata"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ok(&object)
    };
    let (gone, held) = (Deleted { found: true, pending: false }, Deleted { found: true, pending: true });
    for (answer, uid, expected) in [
        (ok(&json!({ "kind": "Status", "status": "Success" })), None, gone),
        (ok(&json!({ "kind": "Status", "status": "Success" })), Some("u1"), gone),
        (ok(&json!({ "metadata": { "name": "n" } })), None, gone),
        (leaving(json!({ "deletionGracePeriodSeconds": 0 })), None, gone),
        (leaving(json!({ "deletionGracePeriodSeconds": 30 })), None, held),
        (leaving(json!({ "finalizers": ["a/b"] })), None, held),
        (refusal(404, &json!({})), None, Deleted::default()),
        (refusal(409, &json!({ "reason": "Conflict" })), Some("u1"), Deleted::default()),
    ] {
        let server = Server::new([answer]);
        let options = DeleteOptions { uid: uid.map(str::to_owned), ..DeleteOptions::default() };
        assert_eq!(server.client(pauses()).delete(&key, &options).await, Ok(expected));
        let sent = &server.asked()[0];
        assert_eq!(sent.line, "DELETE /api/v1/nodes/n");
        assert_eq!(sent.body["propagationPolicy"], "Background");
        assert_eq!(sent.body.pointer("/preconditions/uid").and_then(Value::as_str), uid);
        assert_eq!(sent.body.get("dryRun"), None);
    }
}

#[tokio::test]
async fn a_delete_says_what_becomes_of_dependents() {
    for (propagation, expected) in [
        (Propagation::Background, "Background"),
        (Propagation::Foreground, "Foreground"),
        (Propagation::Orphan, "Orphan"),
    ] {
        let server = Server::new([ok(&json!({}))]);
        let key = Key { kind: Kind::new("v1", "Node"), namespace: None, name: "n".into() };
        let options = DeleteOptions { propagation, dry_run: true, uid: None };
        assert!(server.client(pauses()).delete(&key, &options).await.unwrap().found);
        let body = &server.asked()[0].body;
        assert_eq!((&body["propagationPolicy"], &body["dryRun"]), (&json!(expected), &json!(["All"])));
    }
}

#[tokio::test]
async fn kinds_are_learned_once_and_a_missing_one_is_looked_up_again() {
    let (server, clock) = (Server::new([]), pauses());
    let client = server.client(clock.clone());
    let widget = Kind::new("example.com/v1", "Widget");
    assert_eq!(client.namespaced(&Kind::new("v1", "Node")).await, Ok(Some(false)));
    assert_eq!(client.namespaced(&Kind::new("v1", "Pod")).await, Ok(Some(true)));
    assert_eq!(client.namespaced(&Kind::new("apps/v1", "Scale")).await, Ok(None));
    assert_eq!(client.namespaced(&widget).await, Ok(None));
    server.custom.lock().push("Widget");
    assert_eq!(client.namespaced(&widget).await, Ok(Some(true)));
    assert_eq!(client.namespaced(&widget).await, Ok(Some(true)));
    let asked = ["/api/v1", "/apis/apps/v1", "/apis/example.com/v1", "/apis/example.com/v1"];
    assert_eq!(server.discoveries(), asked);

    server.custom.lock().clear();
    clock.sleep(Duration::from_mins(11)).await;
    assert_eq!(client.namespaced(&widget).await, Ok(None));
}
