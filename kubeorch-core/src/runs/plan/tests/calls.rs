//! How many calls a plan makes.

use serde_json::json;

use super::{Bench, config, deployment, findings, node, object, told};
use crate::kube::Error;
use crate::kube::fake::Verb;

/// A list for each kind that the node type renders.
const KINDS: usize = 6;

/// The one for the autoscalers of a namespace with workloads comes on top.
const WITH_WORKLOADS: usize = KINDS + 1;

fn many(count: usize) -> Vec<serde_json::Value> {
    (0..count).map(|at| node([config(&format!("c{at}"))], json!({}))).collect()
}

#[tokio::test]
async fn new_objects_cost_a_dry_run_each_and_a_call_a_kind() {
    let bench = Bench::new();
    let planned = bench.plan(&many(8)).await.unwrap();
    assert!(planned.plan.operations.iter().all(|operation| operation.action.as_str() == "create"));
    // Few are read one by one; the namespace is read too.
    assert_eq!(bench.counts(0), [(Verb::Get, 9), (Verb::List, KINDS), (Verb::DryRun, 8)]);
    let before = bench.cluster.calls().len();
    bench.plan(&many(30)).await.unwrap();
    let expected = [(Verb::Get, 1), (Verb::List, KINDS), (Verb::Heads, 1), (Verb::DryRun, 30)];
    assert_eq!(bench.counts(before), expected);
}

#[tokio::test]
async fn what_is_as_it_was_left_costs_nothing_and_what_changed_costs_one_dry_run() {
    let mut bench = Bench::new();
    let mut nodes = many(30);
    nodes.push(node([deployment(Some(2))], json!({})));
    bench.deploy(&nodes).await;
    let before = bench.cluster.calls().len();
    let planned = bench.plan(&nodes).await.unwrap();
    assert!(planned.plan.is_empty() && planned.plan.findings.is_empty());
    assert!(planned.steps.iter().flatten().flatten().all(|step| step.live.is_some()));
    assert_eq!(bench.counts(before), [(Verb::Get, 1), (Verb::List, WITH_WORKLOADS)]);

    // One changed in the graph, one in the cluster, one gone.
    nodes[3]["objects"][0]["data"]["a"] = "2".into();
    let mut touched = bench.cluster.object(&planned.plan.operations[5].key).unwrap().into_value();
    touched["data"]["b"] = "x".into();
    bench.cluster.put(touched);
    bench.cluster.remove(&planned.plan.operations[7].key);
    let before = bench.cluster.calls().len();
    let planned = bench.plan(&nodes).await.unwrap();
    let changed: Vec<_> = told(&planned).into_iter().filter(|(action, ..)| *action != "unchanged").collect();
    let of = |action, name: &str| (action, format!("ConfigMap shop/{name}"), String::new());
    assert_eq!(changed, [of("update", "c3"), of("create", "c7")]);
    let expected = [(Verb::Get, 2), (Verb::List, WITH_WORKLOADS), (Verb::DryRun, 3)];
    assert_eq!(bench.counts(before), expected);
}

#[tokio::test]
async fn an_account_that_may_not_list_everywhere_is_served_by_namespace_then_by_reads() {
    let mut bench = Bench::new();
    let nodes = many(2);
    bench.deploy(&nodes).await;
    let denied = || Error::Denied("no".into());
    for _ in 0..KINDS {
        bench.cluster.fail(Verb::List, "", denied());
    }
    let planned = bench.plan(&nodes).await.unwrap();
    assert!(planned.plan.is_empty(), "{:?}", told(&planned));
    for _ in 0..=KINDS {
        bench.cluster.fail(Verb::List, "", denied());
    }
    let before = bench.cluster.calls().len();
    let planned = bench.plan(&nodes).await.unwrap();
    assert!(planned.plan.is_empty(), "{:?}", told(&planned));
    assert_eq!(bench.counts(before), [(Verb::Get, 3), (Verb::List, KINDS + 1)]);
}

#[tokio::test]
async fn the_hash_tells_plans_apart_and_the_content_only_graphs() {
    let bench = Bench::new();
    let first = bench.one(config("c"), json!({})).await.plan;
    let again = bench.one(config("c"), json!({})).await.plan;
    assert_eq!((first.hash, first.content), (again.hash, again.content));
    bench.put(object(("v1", "ConfigMap"), "c", json!({ "data": { "a": "0" } })), Some(&bench.own()));
    let update = bench.one(config("c"), json!({})).await.plan;
    assert_ne!(first.hash, update.hash);
    assert_eq!(first.content, update.content);
    let other = bench.one(config("d"), json!({})).await.plan;
    assert_ne!(other.content, update.content);
}

#[tokio::test]
async fn everything_that_is_wrong_comes_at_once() {
    let bench = Bench::new();
    bench.put(config("theirs"), None);
    bench.cluster.fail(Verb::DryRun, "ConfigMap shop/bad", Error::rejected("ConfigMap shop/bad", "no"));
    bench.cluster.fail(Verb::DryRun, "ConfigMap shop/denied", Error::Denied("no".into()));
    let kind = crate::manifest::Kind::new("x.io/v1", "Odd");
    bench.cluster.without(kind);
    let nodes = [
        node([config("theirs")], json!({ "conflicts": "steal" })),
        node([config("bad"), config("denied")], json!({})),
        node([object(("x.io/v1", "Odd"), "o", json!({}))], json!({})),
    ];
    let planned = bench.plan(&nodes).await.unwrap();
    let mut codes: Vec<_> = findings(&planned).into_iter().map(|(code, ..)| code).collect();
    codes.sort_unstable();
    let expected = [
        "cluster.denied",
        "cluster.object_foreign",
        "cluster.rejected",
        "cluster.unknown_kind",
        "deploy.policy_invalid",
    ];
    assert_eq!(codes, expected);
    assert!(planned.plan.findings.iter().all(|finding| !finding.hint.is_empty() && finding.node.is_some()));
}

#[tokio::test]
async fn operations_name_what_comes_first() {
    let bench = Bench::new();
    let mut elsewhere = config("b");
    elsewhere["metadata"]["namespace"] = "new".into();
    let planned = bench.plan(&[node([config("a"), elsewhere], json!({}))]).await.unwrap();
    let after: Vec<_> = planned
        .plan
        .operations
        .iter()
        .map(|operation| (operation.key.to_string(), operation.after.clone()))
        .collect();
    let expected = [("Namespace new", vec![]), ("ConfigMap shop/a", vec![]), ("ConfigMap new/b", vec![0, 1])];
    assert_eq!(after, expected.map(|(key, after)| (key.to_owned(), after)));
    // Nothing can be tried in a namespace that is not there.
    assert_eq!(bench.cluster.called(Verb::DryRun), ["ConfigMap shop/a"]);
}
