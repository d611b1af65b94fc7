//! What is removed, and what never is.

use serde_json::{Value, json};

use super::{Bench, config, node, object, told};
use crate::runs::plan::KEEP_ANNOTATION;

fn managed(mut object: Value, manager: &str) -> Value {
    object["metadata"]["managedFields"] = json!([{ "manager": manager, "operation": "Apply" }]);
    object
}

#[tokio::test]
async fn only_what_runs_of_this_workflow_made_is_removed() {
    let mut bench = Bench::new();
    let own = bench.own();
    let owned = json!([{ "apiVersion": "v1", "kind": "X", "name": "x", "uid": "u", "controller": true }]);
    let mut controlled = config("controlled");
    controlled["metadata"]["ownerReferences"] = owned;
    let mut kept = config("kept");
    kept["metadata"]["annotations"] = json!({ KEEP_ANNOTATION: "true" });
    for (object, label) in [
        (config("labelled"), Some(own.as_str())),
        (managed(config("applied"), "kubeorch"), Some(own.as_str())),
        // Labels are copied along with manifests.
        (managed(config("copied"), "kubectl-create"), Some(own.as_str())),
        (controlled, Some(own.as_str())),
        (kept, Some(own.as_str())),
        (config("theirs"), Some("a00000000000000000000002")),
        (config("helms"), None),
        (object(("v1", "Secret"), "secret", json!({})), Some(own.as_str())),
        (object(("v1", "PersistentVolumeClaim"), "claim", json!({})), Some(own.as_str())),
    ] {
        bench.put(object, label);
    }
    let planned = bench.one(config("new"), json!({})).await;
    let removed: Vec<_> = planned.removals.iter().map(|removal| removal.key.name.as_str()).collect();
    assert_eq!(removed, ["applied", "labelled"]);
    let notes: Vec<_> = told(&planned).into_iter().filter(|(action, ..)| *action == "unchanged").collect();
    let of = |kind: &str, name: &str, why: &str| {
        ("unchanged", format!("{kind} shop/{name}"), format!("no longer in the graph; kept because {why}"))
    };
    let expected = [
        of("ConfigMap", "kept", "its node said so"),
        of("PersistentVolumeClaim", "claim", "it holds data"),
        of("Secret", "secret", "it holds data"),
    ];
    assert_eq!(notes, expected);

    bench.options.prune_protected = vec!["secret".into()];
    let planned = bench.one(config("new"), json!({})).await;
    let removed: Vec<_> = planned.removals.iter().map(|removal| removal.key.name.as_str()).collect();
    assert_eq!(removed, ["applied", "labelled", "secret"]);
    bench.options.prune = false;
    assert!(bench.one(config("new"), json!({})).await.removals.is_empty());
}

#[tokio::test]
async fn the_inventory_finds_what_lists_do_not_and_forgets_what_is_not_ours() {
    let mut bench = Bench::new();
    let own = bench.own();
    // A kind that no node type renders any more.
    let odd = bench.put(managed(object(("x.io/v1", "Odd"), "odd", json!({})), "kubeorch"), Some(&own));
    let disowned = bench.put(config("disowned"), None);
    let taken = bench.put(config("taken"), Some("a00000000000000000000002"));
    let successor = bench.put(managed(config("successor"), "kubectl-create"), Some(&own));
    let gone = bench.put(config("gone"), None);
    bench.cluster.remove(&gone.key());
    let retained = bench.put(config("retained"), Some(&own));
    for live in [&odd, &disowned, &taken, &gone] {
        bench.track(live, "n9", |_| {});
    }
    bench.track(&successor, "n9", |tracked| tracked.uid = "another".into());
    bench.track(&retained, "n9", |tracked| tracked.retain = true);
    let planned = bench.one(config("new"), json!({})).await;
    let removed: Vec<_> = planned.removals.iter().map(|removal| removal.key.name.as_str()).collect();
    assert_eq!(removed, ["odd"]);
    assert_eq!(planned.removals[0].uid.as_deref(), odd.uid());
    let mut forgotten: Vec<_> = planned.forgotten.iter().map(|key| key.name.as_str()).collect();
    forgotten.sort_unstable();
    assert_eq!(forgotten, ["disowned", "gone", "taken"]);
}

#[tokio::test]
async fn the_last_applied_goes_first() {
    let mut bench = Bench::new();
    let own = bench.own();
    for (name, rank) in [("a", 10), ("b", 30), ("c", 20)] {
        let live = bench.put(config(name), Some(&own));
        bench.track(&live, "n9", |tracked| tracked.rank = rank);
    }
    let planned = bench.one(config("new"), json!({})).await;
    let removed: Vec<_> = planned.removals.iter().map(|removal| removal.key.name.as_str()).collect();
    assert_eq!(removed, ["b", "c", "a"]);
}

#[tokio::test]
async fn a_node_that_is_kept_says_so_on_its_objects() {
    let bench = Bench::new();
    let planned = bench.plan(&[node([config("c")], json!({ "keep": true }))]).await.unwrap();
    let object = &planned.steps[0].as_ref().unwrap()[0].object;
    assert_eq!(object.pointer("/metadata/annotations"), Some(&json!({ KEEP_ANNOTATION: "true" })));
}
