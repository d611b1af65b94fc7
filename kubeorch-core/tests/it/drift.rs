//! Drift of deployed workflows: told, healed, left alone, and never fought over for ever.

use std::time::Duration;

use kubeorch_core::kube::fake::Verb;
use kubeorch_core::kube::{self, Cause, Cluster};
use kubeorch_core::manifest::{Key, Kind};
use kubeorch_core::runs::{Follow, Followed, Options, Status, Trigger, Values};
use kubeorch_core::workflows::{Drifted, Full};
use serde_json::{Value, json};

use crate::support::{Lab, lab, workflow};

const LIMIT: Duration = Duration::from_secs(20);

fn config(name: &str) -> Key {
    Key { kind: Kind::new("v1", "ConfigMap"), namespace: Some("default".into()), name: name.into() }
}

fn gadget(name: &str, deploy: &Value) -> Value {
    json!({ "name": name, "settings": { "a": "1" }, "deploy": deploy })
}

/// Waits for an event of the workflow's stream and answers its data.
async fn until(follow: &mut Follow, wanted: &str) -> Value {
    let search = async {
        loop {
            if let Followed::Event(event) = follow.next().await.unwrap()
                && event.kind == wanted
            {
                return event.data;
            }
        }
    };
    tokio::time::timeout(LIMIT, search).await.unwrap_or_else(|_| panic!("{wanted} does not come"))
}

/// Deploys and waits until it is done.
async fn deployed(lab: &Lab, nodes: &[(&str, &str, Value)]) -> Full {
    let full = workflow(lab, nodes, &[]).await;
    run(lab, &full).await;
    full
}

async fn run(lab: &Lab, full: &Full) {
    let runs = lab.engine.runs();
    let run = runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
    let done = runs.wait(&lab.ana, run.id, LIMIT).await.unwrap();
    assert_eq!(done.status, Status::Completed, "{:?}", done.error);
}

async fn follow(lab: &Lab, full: &Full) -> Follow {
    lab.engine.runs().follow(&lab.ana, full.workflow.id, None).await.unwrap()
}

async fn drift(lab: &Lab, full: &Full) -> Vec<Drifted> {
    lab.engine.workflows().get(&lab.ana, full.workflow.id).await.unwrap().drift
}

/// Somebody else sets a value.
fn meddle(lab: &Lab, name: &str, value: &str) {
    let mut live = lab.cluster.object(&config(name)).unwrap().into_value();
    live["data"]["a"] = value.into();
    lab.cluster.put(live);
}

fn value(lab: &Lab, name: &str) -> Option<Value> {
    lab.cluster.object(&config(name))?.pointer("/data/a").cloned()
}

#[tokio::test]
async fn a_changed_field_is_told_and_forgotten_once_it_is_as_deployed() {
    let lab = lab().await;
    let full = deployed(&lab, &[("g", "gadget", gadget("conf", &json!({})))]).await;
    let mut events = follow(&lab, &full).await;
    meddle(&lab, "conf", "2");
    let told = until(&mut events, "drift").await;
    assert_eq!((&told["node_id"], &told["drift"]["fields"]), (&json!("g"), &json!(["data.a"])));
    let now = drift(&lab, &full).await;
    assert_eq!((now.len(), now[0].missing, now[0].heal), (1, false, false));
    assert_eq!(value(&lab, "conf"), Some("2".into()), "told, not touched");
    meddle(&lab, "conf", "1");
    until(&mut events, "drift_resolved").await;
    assert_eq!(drift(&lab, &full).await, []);
}

#[tokio::test]
async fn what_is_gone_is_told_and_a_run_brings_it_back() {
    let lab = lab().await;
    let full = deployed(&lab, &[("g", "gadget", gadget("conf", &json!({})))]).await;
    let mut events = follow(&lab, &full).await;
    lab.cluster.remove(&config("conf"));
    assert_eq!(until(&mut events, "drift").await["drift"]["missing"], true);
    run(&lab, &full).await;
    until(&mut events, "drift_resolved").await;
    assert_eq!(drift(&lab, &full).await, []);
}

#[tokio::test]
async fn what_others_add_and_what_the_server_spells_is_no_drift() {
    let lab = lab().await;
    let nodes = [("g", "gadget", gadget("conf", &json!({}))), ("h", "gadget", gadget("other", &json!({})))];
    let full = deployed(&lab, &nodes).await;
    let mut events = follow(&lab, &full).await;
    let mut live = lab.cluster.object(&config("conf")).unwrap().into_value();
    live["data"]["b"] = "added".into();
    live["metadata"]["annotations"] = json!({ "by": "somebody" });
    lab.cluster.put(live);
    // What comes after it is told, so it was looked at and passed over.
    meddle(&lab, "other", "2");
    assert_eq!(until(&mut events, "drift").await["node_id"], "h");
    assert_eq!(drift(&lab, &full).await.len(), 1);
}

#[tokio::test]
async fn a_node_that_asks_for_it_is_healed_alone_in_a_run_of_the_deployed_version() {
    let lab = lab().await;
    let heal = json!({ "drift": "heal" });
    let nodes = [
        ("h", "gadget", gadget("healed", &heal)),
        ("t", "gadget", gadget("told", &json!({}))),
        ("i", "gadget", gadget("ignored", &json!({ "drift": "ignore" }))),
    ];
    let full = deployed(&lab, &nodes).await;
    let mut events = follow(&lab, &full).await;
    for name in ["ignored", "told", "healed"] {
        meddle(&lab, name, "2");
    }
    until(&mut events, "run_finished").await;
    until(&mut events, "drift_resolved").await;
    let runs = lab.engine.runs().list(&lab.ana, full.workflow.id, 10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.trigger).collect::<Vec<_>>(), [Trigger::Drift, Trigger::Manual]);
    assert_eq!((runs[0].version, runs[0].status), (runs[1].version, Status::Completed));
    assert_eq!(runs[0].nodes.keys().collect::<Vec<_>>(), ["h"], "only what drifted");
    let values = ["healed", "told", "ignored"].map(|name| value(&lab, name));
    assert_eq!(values, ["1", "2", "2"].map(|text| Some(text.into())));
    let left = drift(&lab, &full).await;
    assert_eq!(left.iter().map(|it| it.node.as_str()).collect::<Vec<_>>(), ["t"]);
}

#[tokio::test]
async fn after_three_heals_it_is_left_to_the_other_manager_who_is_named() {
    let lab = lab().await;
    let full = deployed(&lab, &[("h", "gadget", gadget("conf", &json!({ "drift": "heal" })))]).await;
    let mut events = follow(&lab, &full).await;
    let conflict = || kube::Error::Conflict {
        object: "ConfigMap default/conf".into(),
        causes: vec![Cause { manager: "flux".into(), field: ".data.a".into() }],
    };
    for round in 2..=5 {
        lab.cluster.fail(Verb::DryRun, "ConfigMap default/conf", conflict());
        meddle(&lab, "conf", &round.to_string());
        if round < 5 {
            until(&mut events, "run_finished").await;
            until(&mut events, "drift_resolved").await;
        }
    }
    let held = until(&mut events, "drift_held").await;
    let reason = held["reason"].as_str().unwrap();
    assert!(reason.contains("flux") && reason.contains("3 times"), "{reason}");
    assert_eq!(value(&lab, "conf"), Some("5".into()), "it is left as the other wants it");
    let left = drift(&lab, &full).await;
    assert_eq!(
        (left[0].managers.as_slice(), left[0].held.as_deref()),
        (&["flux".to_owned()][..], Some(reason))
    );
    run(&lab, &full).await;
    until(&mut events, "drift_resolved").await;
    assert_eq!(value(&lab, "conf"), Some("1".into()), "a run of somebody's own counts anew");
}

#[tokio::test]
async fn what_happened_while_no_server_ran_is_noticed_at_the_next_start() {
    let lab = lab().await;
    let full = deployed(&lab, &[("g", "gadget", gadget("conf", &json!({})))]).await;
    lab.engine.shutdown().await;
    lab.cluster.delete(&config("conf"), &kube::DeleteOptions::default()).await.unwrap();
    let store = lab.engine.store().store().clone();
    let next = crate::support::engine(Some(store), &lab.cluster).await;
    let mut events = next.runs().follow(&lab.ana, full.workflow.id, Some(0)).await.unwrap();
    assert_eq!(until(&mut events, "drift").await["drift"]["missing"], true);
    next.shutdown().await;
}
