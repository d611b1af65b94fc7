//! Plans and runs.

use std::time::Duration;

use kubeorch_core::error::Kind;
use kubeorch_core::kube::fake::Verb;
use kubeorch_core::kube::{self};
use kubeorch_core::manifest::{self, Key};
use kubeorch_core::runs::{Action, Followed, NodePhase, Options, Status, Values, WORKFLOW_LABEL};
use kubeorch_core::workflows::{Change, Status as WorkflowStatus};
use serde_json::{Value, json};

use crate::support::{Lab, lab, save, workflow};

const LIMIT: Duration = Duration::from_secs(20);

fn key(kind: (&str, &str), name: &str) -> Key {
    Key { kind: manifest::Kind::new(kind.0, kind.1), namespace: Some("default".into()), name: name.into() }
}

fn widget(name: &str) -> Value {
    json!({ "name": name, "image": "widget:1", "replicas": 1, "port": 8080 })
}

/// Plays the controller: what was applied becomes ready.
fn make_ready(lab: &Lab, name: &str) {
    let key = key(("apps/v1", "Deployment"), name);
    let mut live = lab.cluster.object(&key).unwrap().into_value();
    let (generation, all) = (&live["metadata"]["generation"], &live["spec"]["replicas"]);
    live["status"] = json!({
        "observedGeneration": generation, "replicas": all, "updatedReplicas": all, "readyReplicas": all,
        "availableReplicas": all,
    });
    lab.cluster.put(live);
}

/// Waits for an event of the workflow's stream.
async fn until(follow: &mut kubeorch_core::runs::Follow, mut wanted: impl FnMut(&str, &Value) -> bool) {
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

#[tokio::test]
async fn a_run_applies_waits_for_ready_and_leaves_everything_as_planned() {
    let lab = lab().await;
    let nodes = [
        ("w", "widget", widget("web")),
        ("g", "gadget", json!({ "name": "conf", "settings": { "a": "1" } })),
        ("d", "doorbell", json!({ "name": "web", "port": 80 })),
    ];
    let full = workflow(&lab, &nodes, &[("g", "w"), ("d", "w")]).await;
    let runs = lab.engine.runs();
    let plan = runs.plan(&lab.ana, full.workflow.id, &Values::default(), &Options::default()).await.unwrap();
    assert_eq!(lab.cluster.called(Verb::Apply), Vec::<String>::new(), "a plan changes nothing");
    assert!(plan.operations.iter().all(|operation| operation.action == Action::Create));

    let mut follow = runs.follow(&lab.ana, full.workflow.id, None).await.unwrap();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
    until(&mut follow, |kind, data| {
        kind == "run_node" && data["node_id"] == "w" && data["state"]["status"] == "waiting"
    })
    .await;
    let second = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await;
    let refused = second.unwrap_err();
    assert_eq!(refused.code().name, "run.active");
    assert_eq!(refused.detail().unwrap().1, json!(run.id.to_string()));
    make_ready(&lab, "web");
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!((done.status, &done.error), (Status::Completed, &None), "{:#?}", done.logs);
    assert!(done.nodes.values().all(|node| node.status == NodePhase::Completed), "{:?}", done.nodes);

    let service = lab.cluster.object(&key(("v1", "Service"), "web")).unwrap();
    assert_eq!(service.pointer("/spec/selector/app"), Some(&json!("web")));
    assert_eq!(service.label(WORKFLOW_LABEL), Some(full.workflow.id.to_string().as_str()));
    let applied: Vec<_> = lab.cluster.called(Verb::Apply);
    let place = |name: &str| applied.iter().position(|target| target.starts_with(name)).unwrap();
    assert!(place("ConfigMap") < place("Deployment"), "{applied:?}");

    let read = lab.engine.workflows().get(&lab.ana, full.workflow.id).await.unwrap();
    assert_eq!(read.graph.node("w").unwrap().data["_status"]["state"], "healthy");
    assert_eq!((read.workflow.run_count, read.workflow.success_count), (1, 1));
    let again = runs.plan(&lab.ana, full.workflow.id, &Values::default(), &Options::default()).await.unwrap();
    assert!(again.is_empty(), "{:#?}", again.operations);
}

#[tokio::test]
async fn what_left_the_graph_is_pruned_and_what_holds_data_is_kept() {
    let lab = lab().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K", "generate": 24 }] });
    let gadget = |name: &str| json!({ "name": name });
    let full = workflow(
        &lab,
        &[("a", "gadget", gadget("a")), ("b", "gadget", gadget("b")), ("l", "locket", locket)],
        &[],
    )
    .await;
    let runs = lab.engine.runs();
    for nodes in [None, Some([("a", "gadget", gadget("renamed"))])] {
        if let Some(nodes) = nodes {
            save(&lab, &full, &nodes, &[]).await;
        }
        let run =
            runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
        let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
        assert_eq!(done.status, Status::Completed, "{:?} {:#?}", done.error, done.logs);
    }
    let there = |kind: &str, name: &str| lab.cluster.object(&key(("v1", kind), name)).is_some();
    assert!(there("ConfigMap", "renamed"));
    assert!(!there("ConfigMap", "a") && !there("ConfigMap", "b"));
    assert!(there("Secret", "keys"), "a secret is kept");
}

#[tokio::test]
async fn findings_come_all_at_once_and_nothing_is_applied() {
    let lab = lab().await;
    let nodes = [
        ("a", "widget", json!({ "name": "a" })),
        ("b", "gadget", json!({ "name": "same" })),
        ("c", "gadget", json!({ "name": "same" })),
        ("d", "unknown", json!({})),
        ("e", "widget", json!({ "name": "e", "image": "x" })),
        ("f", "widget", json!({ "name": "f", "image": "x" })),
    ];
    let full = workflow(&lab, &nodes, &[("e", "f"), ("f", "e"), ("a", "nowhere")]).await;
    let error = lab
        .engine
        .runs()
        .start(&lab.ana, full.workflow.id, Values::default(), Options::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    let codes: Vec<_> = error
        .findings()
        .iter()
        .filter(|finding| finding.is_error())
        .map(|finding| (finding.node.as_deref(), finding.code.as_str()))
        .collect();
    for expected in [
        (Some("a"), "widget.image_missing"),
        (Some("b"), "graph.duplicate_object"),
        (Some("c"), "graph.duplicate_object"),
        (Some("d"), "node.type_unknown"),
        (None, "graph.cycle"),
        (None, "edge.target_unknown"),
    ] {
        assert!(codes.contains(&expected), "{expected:?} is not in {codes:#?}");
    }
    assert!(lab.cluster.called(Verb::Apply).is_empty());
}

#[tokio::test]
async fn a_secret_without_value_is_an_error_where_it_is_used() {
    let lab = lab().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K" }] });
    let nodes = [("l", "locket", locket), ("w", "widget", widget("web"))];
    let full = workflow(&lab, &nodes, &[("l", "w")]).await;
    let runs = lab.engine.runs();
    let start = |values| runs.start(&lab.ana, full.workflow.id, values, Options::default());
    let error = start(Values::default()).await.unwrap_err();
    let finding = &error.findings()[0];
    assert_eq!((finding.code.as_str(), finding.field.as_str()), ("secret.value_missing", "keys"));

    let values: Values =
        serde_json::from_value(json!({ "secrets": { "l": { "K": "canary-value" } } })).unwrap();
    let run = start(values).await.unwrap();
    let mut follow = runs.follow(&lab.ana, full.workflow.id, Some(0)).await.unwrap();
    until(&mut follow, |kind, data| {
        kind == "run_node" && data["node_id"] == "w" && data["state"]["status"] == "waiting"
    })
    .await;
    make_ready(&lab, "web");
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Completed, "{:?}", done.error);
    let secret = lab.cluster.object(&key(("v1", "Secret"), "keys")).unwrap();
    assert_eq!(secret.pointer("/data/K"), Some(&json!("Y2FuYXJ5LXZhbHVl")));
    // The canary: neither the record nor any event holds the value, plain or encoded.
    let events =
        lab.engine.store().read(|reader| reader.stream(&format!("workflow:{}", full.workflow.id), 0, 10_000));
    let told = format!(
        "{done:?} {:?}",
        events
            .unwrap()
            .iter()
            .map(|event| String::from_utf8_lossy(&event.payload).into_owned())
            .collect::<Vec<_>>()
    );
    assert!(!told.contains("canary-value") && !told.contains("Y2FuYXJ5"), "{told}");
}

#[tokio::test]
async fn a_node_that_says_it_fails_ends_the_run_with_reason_and_object() {
    let lab = lab().await;
    let full = workflow(&lab, &[("w", "widget", widget("web"))], &[]).await;
    lab.cluster.put(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "web-1", "namespace": "default", "labels": { "app": "web" } },
        "status": { "containerStatuses": [{ "state": { "waiting": { "reason": "ImagePullBackOff" } } }] },
    }));
    let options = Options { failure_grace: Duration::ZERO, ..Options::default() };
    let runs = lab.engine.runs();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), options).await.unwrap();
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Failed);
    let error = done.error.unwrap();
    assert!(error.contains("ImagePullBackOff") && error.contains("Pod/web-1"), "{error}");
    assert!(done.completed_at.is_some());
}

#[tokio::test]
async fn a_run_can_be_cancelled_and_repeated() {
    let lab = lab().await;
    let full = workflow(&lab, &[("w", "widget", widget("web"))], &[]).await;
    let runs = lab.engine.runs();
    for _ in 0..2 {
        let run =
            runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
        let ended = runs.cancel(&lab.ana, run.id).await.unwrap();
        assert_eq!(ended.status, Status::Cancelled, "{:?}", ended.error);
        assert_eq!(runs.cancel(&lab.ana, run.id).await.unwrap().status, Status::Cancelled);
    }
}

#[tokio::test]
async fn foreign_objects_are_not_taken_over_unless_asked() {
    let lab = lab().await;
    lab.cluster.put(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": { "by": "helm" },
        "metadata": { "name": "conf", "namespace": "default", "labels": { "app.kubernetes.io/managed-by": "Helm" } },
    }));
    let full = workflow(&lab, &[("g", "gadget", json!({ "name": "conf" }))], &[]).await;
    let runs = lab.engine.runs();
    let error =
        runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap_err();
    assert_eq!(error.findings()[0].code, "cluster.object_foreign");
    let adopt = Options { adopt: true, ..Options::default() };
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), adopt).await.unwrap();
    assert_eq!(runs.wait(&lab.ana, run.id, LIMIT).await.unwrap().status, Status::Completed);
}

#[tokio::test]
async fn archiving_removes_the_objects_and_says_what_stays() {
    let lab = lab().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K", "generate": 24 }] });
    let full =
        workflow(&lab, &[("g", "gadget", json!({ "name": "conf" })), ("l", "locket", locket)], &[]).await;
    let runs = lab.engine.runs();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
    assert_eq!(runs.wait(&lab.ana, run.id, LIMIT).await.unwrap().status, Status::Completed);
    let warning = lab
        .engine
        .workflows()
        .set_status(&lab.ana, full.workflow.id, WorkflowStatus::Archived)
        .await
        .unwrap();
    assert!(warning.unwrap().contains("Secret default/keys was kept"));
    assert!(lab.cluster.object(&key(("v1", "ConfigMap"), "conf")).is_none());
}

#[tokio::test]
async fn an_apply_that_is_refused_fails_the_run_and_keeps_what_was_done() {
    let lab = lab().await;
    let nodes = [("g", "gadget", json!({ "name": "conf" })), ("w", "widget", widget("web"))];
    let full = workflow(&lab, &nodes, &[("g", "w")]).await;
    let refusal = kube::Error::rejected("Deployment default/web", "quota");
    lab.cluster.fail(Verb::Apply, "Deployment default/web", refusal);
    let runs = lab.engine.runs();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Failed);
    assert!(done.error.unwrap().contains("quota"));
    assert_eq!(done.nodes["w"].status, NodePhase::Failed);
    assert!(lab.cluster.object(&key(("v1", "ConfigMap"), "conf")).is_some());
}

#[tokio::test]
async fn another_accounts_objects_are_neither_taken_nor_shown() {
    let lab = lab().await;
    let locket = || json!({ "name": "keys", "keys": [{ "name": "tls.key" }] });
    let full = workflow(&lab, &[("l", "locket", locket())], &[]).await;
    let runs = lab.engine.runs();
    let values = |text: &str| -> Values {
        serde_json::from_value(json!({ "secrets": { "l": { "tls.key": text } } })).unwrap()
    };
    let run = runs.start(&lab.ana, full.workflow.id, values("hers"), Options::default()).await.unwrap();
    assert_eq!(runs.wait(&lab.ana, run.id, LIMIT).await.unwrap().status, Status::Completed);
    let code = lab.engine.settings().invite_code(&lab.ana).await.unwrap();
    let ben = crate::support::account(&lab.engine, "ben@acme.test", Some(&code)).await;
    let bens = Lab { engine: lab.engine.clone(), cluster: lab.cluster.clone(), ana: ben };
    let his = workflow(&bens, &[("l", "locket", locket())], &[]).await;
    let grab = Options { adopt: true, force: true, ..Options::default() };
    let plan = runs.plan(&ben, his.workflow.id, &values("his"), &grab).await.unwrap();
    assert_eq!(plan.findings[0].code, "cluster.object_foreign");
    assert!(plan.operations.is_empty(), "{:#?}", plan.operations);
    assert!(runs.start(&ben, his.workflow.id, values("his"), grab).await.is_err());
}

#[tokio::test]
async fn a_refused_change_leaves_the_cluster_alone() {
    let lab = lab().await;
    let full = workflow(&lab, &[("g", "gadget", json!({ "name": "conf" }))], &[]).await;
    let runs = lab.engine.runs();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
    assert_eq!(runs.wait(&lab.ana, run.id, LIMIT).await.unwrap().status, Status::Completed);
    let archive = || Change { status: Some(WorkflowStatus::Archived), ..Change::default() };
    for change in [
        Change { cluster: Some("nope".into()), ..archive() },
        Change { name: Some("  ".into()), ..archive() },
        Change { revision: Some(0), ..archive() },
    ] {
        assert!(lab.engine.workflows().update(&lab.ana, full.workflow.id, change).await.is_err());
        assert!(lab.cluster.object(&key(("v1", "ConfigMap"), "conf")).is_some());
    }
}

#[tokio::test]
async fn deleting_or_archiving_stops_the_run() {
    let lab = lab().await;
    let runs = lab.engine.runs();
    for delete in [true, false] {
        let full = workflow(&lab, &[("w", "widget", widget("web"))], &[]).await;
        let adopt = Options { adopt: true, ..Options::default() };
        let run = runs.start(&lab.ana, full.workflow.id, Values::default(), adopt).await.unwrap();
        if delete {
            lab.engine.workflows().delete(&lab.ana, full.workflow.id).await.unwrap();
            assert_eq!(runs.get(&lab.ana, run.id).await.unwrap_err().code().name, "run.not_found");
        } else {
            let archived = WorkflowStatus::Archived;
            lab.engine.workflows().set_status(&lab.ana, full.workflow.id, archived).await.unwrap();
            assert_eq!(runs.get(&lab.ana, run.id).await.unwrap().status, Status::Cancelled);
            assert!(lab.cluster.object(&key(("apps/v1", "Deployment"), "web")).is_none());
        }
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_no_run_without_its_executor() {
    let lab = lab().await;
    let full = workflow(&lab, &[("w", "widget", widget("web"))], &[]).await;
    let id = full.workflow.id;
    for turns in 0..40 {
        let (engine, ana) = (lab.engine.clone(), lab.ana);
        let call = tokio::spawn(async move {
            engine.runs().start(&ana, id, Values::default(), Options::default()).await
        });
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        call.abort();
        let _ = call.await;
        // Whatever was begun can be stopped, and the next call finds the workflow free.
        let runs = lab.engine.runs();
        for run in runs.list(&lab.ana, id, 5).await.unwrap() {
            assert!(runs.cancel(&lab.ana, run.id).await.unwrap().status.ended(), "after {turns} turns");
        }
    }
}
