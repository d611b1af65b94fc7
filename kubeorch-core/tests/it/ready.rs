//! When a run goes on, and what it says while it cannot.

use std::time::Duration;

use kubeorch_core::kube;
use kubeorch_core::manifest::{Key, Kind};
use kubeorch_core::runs::{Follow, Followed, Options, Run, Status, Values};
use kubeorch_core::workflows::Full;
use serde_json::{Value, json};

use crate::support::{Lab, lab, workflow};

const LIMIT: Duration = Duration::from_secs(20);

fn key(kind: (&str, &str), name: &str) -> Key {
    Key { kind: Kind::new(kind.0, kind.1), namespace: Some("default".into()), name: name.into() }
}

/// Sets members of a Deployment's status, as its controller would.
fn set_status(lab: &Lab, name: &str, members: &Value) {
    let mut live = lab.cluster.object(&key(("apps/v1", "Deployment"), name)).unwrap().into_value();
    live["status"] = members.clone();
    lab.cluster.put(live);
}

fn all(count: u64) -> Value {
    json!({
        "observedGeneration": 1, "replicas": count, "updatedReplicas": count, "availableReplicas": count,
        "readyReplicas": count,
    })
}

/// A warning of the cluster about an object.
fn warn(lab: &Lab, kind: &str, name: &str, reason: &str, message: &str) {
    lab.cluster.put(json!({
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message,
        "metadata": { "name": format!("{name}.{reason}"), "namespace": "default" },
        "involvedObject": { "kind": kind, "namespace": "default", "name": name },
        "lastTimestamp": "2026-01-01T09:30:00Z",
    }));
}

async fn until(follow: &mut Follow, mut wanted: impl FnMut(&str, &Value) -> bool) {
    let search = async {
        loop {
            let next = follow.next().await.unwrap();
            if matches!(&next, Followed::Event(event) if wanted(&event.kind, &event.data)) {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, search).await.expect("the event comes");
}

/// A run of one widget, once it is applied and waits.
async fn waiting(lab: &Lab, data: Value, options: Options) -> (Full, Run, Follow) {
    let full = workflow(lab, &[("w", "widget", data)], &[]).await;
    let runs = lab.engine.runs();
    let mut events = runs.follow(&lab.ana, full.workflow.id, None).await.unwrap();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), options).await.unwrap();
    until(&mut events, |kind, data| kind == "run_node" && data["state"]["status"] == "waiting").await;
    (full, run, events)
}

async fn line(events: &mut Follow, part: &str) {
    until(events, |kind, data| kind == "run_log" && data["line"].as_str().unwrap().contains(part)).await;
}

fn widget(replicas: u64) -> Value {
    json!({ "name": "web", "image": "widget:1", "replicas": replicas })
}

#[tokio::test]
async fn what_the_plugin_takes_for_ready_is_not_where_a_rule_knows_better() {
    let lab = lab().await;
    let (_, run, mut events) = waiting(&lab, widget(2), Options::default()).await;
    // The plugin counts ready pods alone; these are of the version before.
    let mut old = all(2);
    old["observedGeneration"] = 0.into();
    set_status(&lab, "web", &old);
    until(&mut events, |kind, data| kind == "node_update" && data["status"]["state"] == "healthy").await;
    assert_eq!(lab.engine.runs().get(&lab.ana, run.id).await.unwrap().status, Status::Running);
    set_status(&lab, "web", &all(2));
    let done = lab.engine.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!((done.status, done.error), (Status::Completed, None));
}

#[tokio::test]
async fn warnings_of_the_cluster_are_told_while_the_run_waits_and_when_it_fails() {
    for (kind, name, reason, message) in [
        ("ReplicaSet", "web-6d4f8", "FailedCreate", "pods is forbidden: exceeded quota: small"),
        ("ReplicaSet", "web-6d4f8", "FailedCreate", "admission webhook \"policy.test\" denied the request"),
        ("Pod", "web-6d4f8-x", "FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu."),
        ("Pod", "web-6d4f8-x", "FailedMount", "configmap \"conf\" not found"),
        ("Deployment", "web", "ReplicaSetCreateError", "no"),
    ] {
        let lab = lab().await;
        let options = Options { ready_timeout: Duration::from_secs(2), ..Options::default() };
        let (_, run, mut events) = waiting(&lab, widget(1), options).await;
        if kind == "Pod" {
            lab.cluster.put(json!({
                "apiVersion": "v1", "kind": "Pod", "status": { "phase": "Pending" },
                "metadata": { "name": name, "namespace": "default", "labels": { "app": "web" } },
            }));
        }
        warn(&lab, "ReplicaSet", "web-other-6d4f8", "FailedCreate", "of another deployment");
        warn(&lab, kind, name, reason, message);
        line(&mut events, &format!("w: {reason} ({kind}/{name}): ")).await;
        let failed = lab.engine.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
        let error = failed.error.unwrap();
        assert!(error.contains(reason) && error.contains(&format!("{kind}/{name}")), "{error}");
        assert!(!failed.logs.iter().any(|line| line.contains("another deployment")), "{:#?}", failed.logs);
    }
}

#[tokio::test]
async fn an_expression_takes_the_place_of_the_rule() {
    let lab = lab().await;
    let mut data = widget(3);
    data["deploy"] = json!({ "ready": "object.status.availableReplicas >= 1" });
    let (_, run, mut events) = waiting(&lab, data, Options::default()).await;
    set_status(&lab, "web", &json!({ "replicas": 3 }));
    until(&mut events, |kind, data| kind == "node_update" && data["status"]["state"] == "partial").await;
    assert_eq!(lab.engine.runs().get(&lab.ana, run.id).await.unwrap().status, Status::Running);
    set_status(&lab, "web", &json!({ "replicas": 3, "availableReplicas": 1 }));
    let done = lab.engine.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!((done.status, done.error), (Status::Completed, None));
}

#[tokio::test]
async fn a_lost_watch_is_told_and_the_run_goes_on_when_it_is_back() {
    let lab = lab().await;
    let (full, run, mut events) = waiting(&lab, widget(1), Options::default()).await;
    lab.cluster.disturb_watches(&kube::Error::Unreachable("connection reset".into()));
    let told = |text: &str| text.contains("not followed") && text.contains("connection reset");
    until(&mut events, |kind, data| {
        kind == "node_update" && data["status"]["message"].as_str().is_some_and(told)
    })
    .await;
    lab.cluster.resume_watches();
    set_status(&lab, "web", &all(1));
    let done = lab.engine.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!((done.status, done.error), (Status::Completed, None));
    drop(events);
    let read = lab.engine.workflows().get(&lab.ana, full.workflow.id).await.unwrap();
    assert_eq!(read.graph.node("w").unwrap().data["_status"]["message"], "1/1 pods ready");
}
