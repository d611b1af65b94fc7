//! Pausing, approving, rejecting, rolling back: what people do with a run that is on its way.

use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::graph::Hash;
use kubeorch_core::id::WorkflowId;
use kubeorch_core::kube::fake::{Fake, Verb};
use kubeorch_core::kube::{self, Cluster};
use kubeorch_core::manifest::{Key, Kind};
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::runs::{Options, Reason, Run, Source, Status, Trigger, Values};
use kubeorch_core::secret::Secret;
use kubeorch_core::store::{Memory, Store};
use kubeorch_core::time::{ManualClock, SystemClock};
use serde_json::{Value, json};

use crate::support::{Lab, account, lab, save, workflow};

const LIMIT: Duration = Duration::from_secs(20);

fn widget(name: &str, image: &str) -> Value {
    json!({ "name": name, "image": image, "replicas": 1, "port": 8080 })
}

fn deployment(name: &str) -> Key {
    let kind = Kind::new("apps/v1", "Deployment");
    Key { kind, namespace: Some("default".into()), name: name.into() }
}

fn config(name: &str) -> Key {
    Key { kind: Kind::new("v1", "ConfigMap"), namespace: Some("default".into()), name: name.into() }
}

/// Plays the controller.
fn make_ready(cluster: &Fake, name: &str) {
    let mut live = cluster.object(&deployment(name)).unwrap().into_value();
    let (generation, all) = (&live["metadata"]["generation"], &live["spec"]["replicas"]);
    live["status"] = json!({
        "observedGeneration": generation, "replicas": all, "updatedReplicas": all, "readyReplicas": all,
        "availableReplicas": all,
    });
    cluster.put(live);
}

/// Waits, woken by commits, until a run is as wanted.
async fn until(engine: &Engine, actor: &Actor, run: &Run, wanted: impl Fn(&Run) -> bool) -> Run {
    let mut head = engine.store().head();
    let search = async {
        loop {
            head.borrow_and_update();
            let run = engine.runs().get(actor, run.id).await.unwrap();
            if wanted(&run) {
                return run;
            }
            head.changed().await.unwrap();
        }
    };
    tokio::time::timeout(LIMIT, search).await.expect("the state comes")
}

fn waits(node: &'static str) -> impl Fn(&Run) -> bool {
    move |run| run.nodes.get(node).is_some_and(|node| node.status == kubeorch_core::runs::NodePhase::Waiting)
}

async fn start(lab: &Lab, id: WorkflowId, options: Options) -> Run {
    lab.engine.runs().start(&lab.ana, id, Values::default(), options).await.unwrap()
}

async fn restarted(store: &Arc<dyn Store>, cluster: &Arc<Fake>, server: &str) -> Engine {
    let cluster: Arc<dyn Cluster> = cluster.clone();
    let builder = Engine::builder().plugins(Arc::new(Types::toys())).store(Arc::clone(store)).server(server);
    builder.cluster("lab", cluster).encryption_key(Secret::new("a key of this test")).build().await.unwrap()
}

/// A lab whose store outlives its engine.
async fn durable() -> (Arc<dyn Store>, Lab) {
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(SystemClock)));
    let cluster = Arc::new(Fake::new());
    cluster.put(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": json!({ "name": "default" }) }));
    let engine = restarted(&store, &cluster, "one").await;
    let ana = account(&engine, "ana@acme.test", None).await;
    (store, Lab { engine, cluster, ana })
}

#[tokio::test]
async fn a_run_holds_still_in_the_middle_of_waiting_and_goes_on() {
    let lab = lab().await;
    let full = workflow(&lab, &[("w", "widget", widget("web", "widget:1"))], &[]).await;
    let run = start(&lab, full.workflow.id, Options::default()).await;
    let runs = lab.engine.runs();
    until(&lab.engine, &lab.ana, &run, waits("w")).await;
    let paused = runs.pause(&lab.ana, run.id).await.unwrap();
    assert_eq!(paused.status, Status::Paused);
    assert_eq!(paused.pause.unwrap().by, lab.ana.user());
    assert_eq!(runs.pause(&lab.ana, run.id).await.unwrap().status, Status::Paused, "twice changes nothing");
    let second = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await;
    assert_eq!(second.unwrap_err().code().name, "run.active");
    make_ready(&lab.cluster, "web");
    let calls = lab.cluster.called(Verb::Apply).len();
    assert_eq!(runs.resume(&lab.ana, run.id, Values::default()).await.unwrap().status, Status::Running);
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!((done.status, done.attempt), (Status::Completed, 2), "{:?} {:#?}", done.error, done.logs);
    assert_eq!(lab.cluster.called(Verb::Apply).len(), calls, "what is there is not applied again");
    for refused in [
        runs.pause(&lab.ana, run.id).await.unwrap_err(),
        runs.resume(&lab.ana, run.id, Values::default()).await.unwrap_err(),
    ] {
        assert_eq!(refused.code().name, "run.ended");
    }
}

#[tokio::test]
async fn a_paused_run_can_be_cancelled_and_stays_paused_over_a_restart() {
    let (store, lab) = durable().await;
    let full = workflow(&lab, &[("w", "widget", widget("web", "widget:1"))], &[]).await;
    let run = start(&lab, full.workflow.id, Options::default()).await;
    until(&lab.engine, &lab.ana, &run, waits("w")).await;
    lab.engine.runs().pause(&lab.ana, run.id).await.unwrap();
    lab.engine.shutdown().await;
    let next = restarted(&store, &lab.cluster, "one").await;
    assert_eq!(next.runs().get(&lab.ana, run.id).await.unwrap().status, Status::Paused);
    assert_eq!(next.runs().cancel(&lab.ana, run.id).await.unwrap().status, Status::Cancelled);
}

#[tokio::test]
async fn a_server_that_stops_leaves_its_runs_to_the_next_and_not_to_two() {
    let (store, lab) = durable().await;
    let full = workflow(&lab, &[("w", "widget", widget("web", "widget:1"))], &[]).await;
    let run = start(&lab, full.workflow.id, Options::default()).await;
    until(&lab.engine, &lab.ana, &run, waits("w")).await;
    // Another server leaves it alone while its lease lasts.
    let other = restarted(&store, &lab.cluster, "two").await;
    assert_eq!(other.runs().get(&lab.ana, run.id).await.unwrap().attempt, 1);
    other.shutdown().await;
    // One of the same name is its successor: the old one cannot write any more.
    let next = restarted(&store, &lab.cluster, "one").await;
    let gone_on = until(&next, &lab.ana, &run, |run| run.attempt == 2).await;
    assert_eq!(gone_on.status, Status::Running);
    make_ready(&lab.cluster, "web");
    let done = next.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!((done.status, done.attempt), (Status::Completed, 2), "{:?}", done.logs);
}

#[tokio::test]
async fn values_that_nothing_keeps_have_to_be_given_again() {
    let (store, lab) = durable().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K" }] });
    let nodes = [
        ("w", "widget", widget("web", "widget:1")),
        ("l", "locket", locket),
        ("z", "gadget", json!({ "name": "conf" })),
    ];
    let full = workflow(&lab, &nodes, &[("l", "w")]).await;
    let values = || -> Values {
        serde_json::from_value(json!({ "secrets": { "l": { "K": "canary-value" } } })).unwrap()
    };
    // The secret is refused for a while, and the server stops meanwhile.
    let busy = kube::Error::Busy { reason: "x".into(), retry_after: Some(Duration::from_mins(1)) };
    lab.cluster.fail(Verb::Apply, "Secret default/keys", busy);
    let run =
        lab.engine.runs().start(&lab.ana, full.workflow.id, values(), Options::default()).await.unwrap();
    until(&lab.engine, &lab.ana, &run, |run| run.nodes.get("l").is_some_and(|node| node.message.is_some()))
        .await;
    lab.engine.shutdown().await;
    let next = restarted(&store, &lab.cluster, "one").await;
    let paused = until(&next, &lab.ana, &run, |run| run.status == Status::Paused).await;
    assert_eq!(paused.pause.unwrap().reason, Reason::Values { nodes: vec!["l".into()] });
    next.runs().resume(&lab.ana, run.id, Values::default()).await.unwrap();
    until(&next, &lab.ana, &run, |run| run.status == Status::Paused).await;
    next.runs().resume(&lab.ana, run.id, values()).await.unwrap();
    until(&next, &lab.ana, &run, waits("w")).await;
    make_ready(&lab.cluster, "web");
    let done = next.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Completed, "{:?} {:#?}", done.error, done.logs);
    let mut text = Vec::new();
    next.store().export(&kubeorch_core::schema(), &mut text).unwrap();
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains("canary-value") && !text.contains("Y2FuYXJ5"), "a value is in the store");
}

#[tokio::test]
async fn a_plan_is_applied_when_enough_others_approve_it() {
    let lab = lab().await;
    let code = lab.engine.settings().invite_code(&lab.ana).await.unwrap();
    let ben = account(&lab.engine, "ben@acme.test", Some(&code)).await;
    let eve = account(&lab.engine, "eve@acme.test", Some(&code)).await;
    let full = workflow(&lab, &[("g", "gadget", json!({ "name": "conf" }))], &[]).await;
    let runs = lab.engine.runs();
    let options = || Options {
        approvals: 1,
        four_eyes: true,
        approvers: vec![ben.user().unwrap()],
        ..Options::default()
    };
    let too_many = Options { approvals: 2, ..options() };
    let refused = runs.start(&lab.ana, full.workflow.id, Values::default(), too_many).await.unwrap_err();
    assert_eq!(refused.code().name, "request.invalid", "{refused}");

    let run = start(&lab, full.workflow.id, options()).await;
    assert_eq!((run.status, run.pause.as_ref().unwrap().reason.clone()), (Status::Paused, Reason::Approval));
    assert!(lab.cluster.called(Verb::Apply).is_empty());
    let plan = run.plan.unwrap();
    assert_eq!(runs.planned(&ben, run.id).await.unwrap().len(), 1, "an approver sees the plan");
    let code = |result: Result<Run, kubeorch_core::Error>| result.unwrap_err().code().name;
    assert_eq!(code(runs.approve(&lab.ana, run.id, plan, None).await), "run.not_approver", "four eyes");
    assert_eq!(code(runs.approve(&eve, run.id, plan, None).await), "run.not_found");
    assert_eq!(code(runs.approve(&ben, run.id, Hash::from([7; 32]), None).await), "run.plan_changed");
    assert_eq!(code(runs.resume(&lab.ana, run.id, Values::default()).await), "run.not_waiting");
    assert_eq!(code(runs.cancel(&ben, run.id).await), "auth.forbidden", "he may look and approve, no more");
    let approved = runs.approve(&ben, run.id, plan, Some("looks\nright token=abc")).await.unwrap();
    assert_eq!(approved.approvals[0].comment.as_deref(), Some("looks right (hidden)"));
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Completed, "{:?}", done.error);
    assert!(lab.cluster.object(&config("conf")).is_some());

    // What changed since it was approved is not applied.
    save(&lab, &full, &[("g", "gadget", json!({ "name": "conf", "settings": { "a": "1" } }))], &[]).await;
    let run = start(&lab, full.workflow.id, options()).await;
    lab.cluster.remove(&config("conf"));
    runs.approve(&ben, run.id, run.plan.unwrap(), None).await.unwrap();
    let failed = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(failed.status, Status::Failed);
    assert!(failed.error.unwrap().contains("the plan is"));
    assert!(lab.cluster.object(&config("conf")).is_none());

    let run = start(&lab, full.workflow.id, options()).await;
    let rejected = runs.reject(&ben, run.id, Some("not today")).await.unwrap();
    assert_eq!(
        (rejected.status, rejected.error.as_deref()),
        (Status::Cancelled, Some("rejected: not today"))
    );
}

#[tokio::test]
async fn an_approval_that_does_not_come_in_time_ends_the_run() {
    let clock = Arc::new(ManualClock::at_millis(1_767_259_800_000));
    let cluster = Arc::new(Fake::new());
    cluster.put(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": json!({ "name": "default" }) }));
    let store: Arc<dyn Store> = Arc::new(Memory::new(clock.clone()));
    let built = || async {
        let builder = Engine::builder().plugins(Arc::new(Types::toys())).clock(clock.clone());
        let builder = builder.encryption_key(Secret::new("a key of this test")).store(Arc::clone(&store));
        builder.cluster("lab", cluster.clone()).build().await.unwrap()
    };
    let engine = built().await;
    let ana = account(&engine, "ana@acme.test", None).await;
    let lab = Lab { engine, cluster: cluster.clone(), ana };
    let full = workflow(&lab, &[("g", "gadget", json!({ "name": "conf" }))], &[]).await;
    let options = Options { approvals: 1, approval_expiry: Duration::from_hours(1), ..Options::default() };
    for restart in [false, true] {
        let run = start(&lab, full.workflow.id, options.clone()).await;
        let next = if restart { Some(built().await) } else { None };
        let engine = next.as_ref().unwrap_or(&lab.engine);
        let sleepers = clock.sleepers();
        assert!(sleepers > 0);
        clock.advance(Duration::from_mins(59));
        assert_eq!(engine.runs().get(&ana, run.id).await.unwrap().status, Status::Paused);
        // The sleeper may not have begun to sleep before the clock moved on.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_mins(2));
        let ended = until(engine, &ana, &run, |run| run.status.ended()).await;
        assert_eq!(ended.status, Status::Failed);
        assert!(ended.error.unwrap().starts_with("not approved until 2026-"));
    }
}

#[tokio::test]
async fn a_plan_that_is_not_the_expected_one_is_refused_and_the_expected_one_runs() {
    let lab = lab().await;
    let full = workflow(&lab, &[("g", "gadget", json!({ "name": "conf" }))], &[]).await;
    let runs = lab.engine.runs();
    let id = full.workflow.id;
    let plan = runs.plan(&lab.ana, id, &Values::default(), &Options::default()).await.unwrap();
    let expect = |hash| Options { expect: Some(hash), ..Options::default() };
    let other = runs.start(&lab.ana, id, Values::default(), expect(Hash::from([1; 32]))).await.unwrap_err();
    assert_eq!(other.code().name, "run.plan_changed");
    assert_eq!(other.detail().unwrap().1, json!(plan.hash.to_string()));
    assert!(runs.list(&lab.ana, id, 9).await.unwrap().is_empty());
    let run = start(&lab, id, expect(plan.hash)).await;
    assert_eq!(runs.planned(&lab.ana, run.id).await.unwrap(), plan.operations, "the plan is stored");
    assert_eq!(runs.wait(&lab.ana, run.id, LIMIT).await.unwrap().status, Status::Completed);
}

#[tokio::test]
async fn an_older_version_comes_back_by_hand_and_by_itself() {
    let lab = lab().await;
    let runs = lab.engine.runs();
    let full =
        workflow(&lab, &[("g", "gadget", json!({ "name": "conf", "settings": { "a": "1" } }))], &[]).await;
    let id = full.workflow.id;
    let first = start(&lab, id, Options::default()).await;
    assert_eq!(runs.wait(&lab.ana, first.id, LIMIT).await.unwrap().status, Status::Completed);
    let setting = || lab.cluster.object(&config("conf")).unwrap().pointer("/data/a").cloned();
    let broken = [
        ("g", "gadget", json!({ "name": "conf", "settings": { "a": "2" } })),
        ("w", "widget", widget("web", "widget:2")),
    ];
    save(&lab, &full, &broken, &[]).await;
    lab.cluster.put(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "web-1", "namespace": "default", "labels": { "app": "web" } },
        "status": { "containerStatuses": [{ "state": { "waiting": { "reason": "ImagePullBackOff" } } }] },
    }));
    let options = Options { failure_grace: Duration::ZERO, rollback_on_failure: true, ..Options::default() };
    let second = start(&lab, id, options).await;
    assert_eq!(runs.wait(&lab.ana, second.id, LIMIT).await.unwrap().status, Status::Failed);
    // The rollback began in the transaction that ended the failed run.
    let rollback = runs.list(&lab.ana, id, 1).await.unwrap().pop().unwrap();
    assert_eq!(rollback.trigger, Trigger::Rollback { from: second.version, automatic: true });
    assert_eq!(rollback.version, first.version);
    let done = runs.wait(&lab.ana, rollback.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Completed, "{:?} {:#?}", done.error, done.logs);
    assert_eq!(setting(), Some(json!("1")));
    assert!(lab.cluster.object(&deployment("web")).is_none(), "what the failed version brought is pruned");
    let graph = lab.engine.workflows().get(&lab.ana, id).await.unwrap().graph;
    assert_eq!(graph.nodes.len(), 2, "the saved graph stays");

    save(&lab, &full, &[("g", "gadget", json!({ "name": "conf", "settings": { "a": "3" } }))], &[]).await;
    let third = start(&lab, id, Options::default()).await;
    runs.wait(&lab.ana, third.id, LIMIT).await.unwrap();
    assert_eq!(setting(), Some(json!("3")));
    let unknown = runs.rollback(&lab.ana, id, 99, Values::default(), Options::default()).await.unwrap_err();
    assert_eq!(unknown.code().name, "version.not_found");
    let back =
        runs.rollback(&lab.ana, id, first.version, Values::default(), Options::default()).await.unwrap();
    assert_eq!(back.trigger, Trigger::Rollback { from: third.version, automatic: false });
    assert_eq!(runs.wait(&lab.ana, back.id, LIMIT).await.unwrap().status, Status::Completed);
    assert_eq!(setting(), Some(json!("1")));
    let again = runs.start_from(
        &lab.ana,
        id,
        Source::Version(third.version),
        Trigger::Manual,
        Values::default(),
        Options::default(),
    );
    let again = again.await.unwrap();
    runs.wait(&lab.ana, again.id, LIMIT).await.unwrap();
    assert_eq!(setting(), Some(json!("3")));
}

#[tokio::test]
async fn hooks_have_their_turn_and_what_is_busy_is_repeated() {
    let lab = lab().await;
    let hook = |name: &str, phase: &str| json!({ "name": name, "deploy": { "phase": phase } });
    let nodes = [
        ("a", "gadget", hook("a-last", "after")),
        ("b", "gadget", hook("z-first", "before")),
        ("f", "gadget", hook("on-failure", "failed")),
        ("g", "gadget", json!({ "name": "conf" })),
    ];
    let full = workflow(&lab, &nodes, &[]).await;
    let busy = || kube::Error::Busy { reason: "slow down".into(), retry_after: None };
    // The plan's own dry runs are not counted as applies.
    lab.cluster.fail(Verb::Apply, "ConfigMap default/conf", busy());
    let run = start(&lab, full.workflow.id, Options::default()).await;
    let done = lab.engine.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Completed, "{:?} {:#?}", done.error, done.logs);
    assert_eq!(done.nodes["g"].attempts, 2);
    assert!(done.logs.iter().any(|line| line.contains("slow down; again in 0.")), "{:#?}", done.logs);
    let applied = lab.cluster.called(Verb::Apply);
    assert_eq!(
        applied,
        ["z-first", "conf", "conf", "a-last"].map(|name| format!("ConfigMap default/{name}")),
    );
    assert!(!done.nodes.contains_key("f"), "nothing failed");

    save(
        &lab,
        &full,
        &[nodes[2].clone(), ("g", "gadget", json!({ "name": "conf", "settings": { "a": "1" } }))],
        &[],
    )
    .await;
    lab.cluster.fail(Verb::Apply, "ConfigMap default/conf", kube::Error::rejected("conf", "no"));
    let run = start(&lab, full.workflow.id, Options::default()).await;
    let failed = lab.engine.runs().wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(
        (failed.status, failed.error.as_deref().map(|text| text.contains("no"))),
        (Status::Failed, Some(true))
    );
    assert!(lab.cluster.object(&config("on-failure")).is_some());
}
