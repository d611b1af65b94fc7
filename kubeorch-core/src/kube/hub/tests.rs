use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{Changes, Hub, HubOptions, State, Subscription};
use crate::kube::fake::Fake;
use crate::kube::{Cluster, Error, Scope};
use crate::manifest::{Key, Kind};
use crate::time::ManualClock;

struct Stage {
    fake: Fake,
    cluster: Arc<dyn Cluster>,
    clock: Arc<ManualClock>,
    hub: Hub,
}

fn stage(watches: usize) -> Stage {
    let (fake, clock) = (Fake::new(), Arc::new(ManualClock::at_millis(0)));
    let options = HubOptions { watches, ..HubOptions::default() };
    Stage { cluster: Arc::new(fake.clone()), hub: Hub::new(clock.clone(), options), fake, clock }
}

fn scope(kind: &str) -> Scope {
    Scope { kind: Kind::new("v1", kind), namespace: None, labels: String::new() }
}

impl Stage {
    fn subscribe(&self, kind: &str) -> Result<Subscription, Error> {
        self.hub.subscribe("one", &self.cluster, &scope(kind))
    }

    fn put(&self, kind: &str, name: &str, value: &str) {
        self.fake.put(json!({
            "apiVersion": "v1", "kind": kind,
            "metadata": { "name": name, "managedFields": [{}], "labels": { "value": value },
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "yes",
                    "large": "x".repeat(1025) } },
            "data": { "key": value },
        }));
    }
}

fn names(changes: &Changes) -> Vec<&str> {
    changes.keys.iter().map(|key| key.name.as_str()).collect()
}

fn held(subscription: &Subscription) -> Vec<String> {
    subscription.snapshot().into_keys().map(|key| key.name).collect()
}

/// Lets the other tasks run until `done`.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn readers_of_one_scope_share_a_watch_and_see_every_change_once() {
    let stage = stage(9);
    stage.put("ConfigMap", "a", "1");
    let (mut one, mut two) = (stage.subscribe("ConfigMap").unwrap(), stage.subscribe("ConfigMap").unwrap());
    one.synced().await.unwrap();
    two.synced().await.unwrap();
    assert_eq!((stage.hub.watches(), stage.fake.watches()), (1, 1));
    let first = one.changed().await;
    assert_eq!((names(&first), first.state), (vec!["a"], true));

    for value in ["1", "2", "3"] {
        stage.put("ConfigMap", "b", value);
    }
    until(|| one.snapshot().values().any(|object| object.label("value") == Some("3"))).await;
    assert_eq!(names(&one.changed().await), ["b"]);
    assert_eq!(names(&two.changed().await), ["a", "b"]);
    let object = one.snapshot().into_values().next().unwrap();
    assert_eq!(object.pointer("/metadata/managedFields"), None);
    assert_eq!(object.pointer("/metadata/annotations"), Some(&json!({ "kept": "yes" })));
}

#[tokio::test]
async fn values_of_secrets_and_long_ones_of_config_maps_are_not_held() {
    let (short, long) = ("s3cr3t", "x".repeat(1025));
    let rows =
        [("Secret", short, ""), ("ConfigMap", short, short), ("ConfigMap", &long, ""), ("Pod", short, short)];
    for (kind, value, held) in rows {
        let stage = stage(9);
        stage.put(kind, "a", value);
        let mut reader = stage.subscribe(kind).unwrap();
        reader.synced().await.unwrap();
        let object = reader.snapshot().into_values().next().unwrap();
        assert_eq!(object.pointer("/data"), Some(&json!({ "key": held })), "{kind}");
    }
}

#[tokio::test]
async fn a_reader_that_missed_much_is_told_to_look_at_everything() {
    let stage = stage(9);
    (0..1000).for_each(|at| stage.put("Pod", &format!("p{at}"), "1"));
    let mut reader = stage.subscribe("Pod").unwrap();
    reader.synced().await.unwrap();
    let changes = reader.changed().await;
    assert!(changes.keys.len() == 1000 && !changes.all);
    (0..1001).for_each(|at| stage.put("Pod", &format!("p{at}"), "2"));
    let last = Key { kind: scope("Pod").kind, namespace: None, name: "p1000".into() };
    until(|| reader.get(&last).is_some()).await;
    let changes = reader.changed().await;
    assert!(changes.keys.is_empty() && changes.all);
}

#[tokio::test]
async fn a_restart_swaps_whole_sets() {
    let stage = stage(9);
    stage.put("ConfigMap", "a", "1");
    stage.put("ConfigMap", "b", "1");
    let mut reader = stage.subscribe("ConfigMap").unwrap();
    reader.synced().await.unwrap();
    reader.changed().await;
    let before = reader.snapshot();
    // Nothing differs: nobody is woken, so the next change is the first that is seen.
    stage.fake.restart_watches();
    let key = before.keys().next().unwrap().clone();
    stage.fake.remove(&key);
    assert_eq!(names(&reader.changed().await), ["a"]);
    assert_eq!(held(&reader), ["b"]);
    let kept = before.keys().nth(1).unwrap();
    assert_eq!(reader.get(kept).unwrap(), before[kept]);
}

#[tokio::test]
async fn a_lost_watch_is_visible_until_it_is_whole_again() {
    let stage = stage(9);
    stage.put("ConfigMap", "a", "1");
    let mut reader = stage.subscribe("ConfigMap").unwrap();
    reader.synced().await.unwrap();
    reader.changed().await;
    stage.fake.disturb_watches(&Error::Unreachable("the connection broke".into()));
    assert!(reader.changed().await.state);
    assert!(matches!(reader.state(), State::Lost(_)));
    assert_eq!(held(&reader), ["a"]);
    stage.fake.resume_watches();
    assert!(reader.changed().await.state);
    assert!(matches!(reader.state(), State::Live));
}

#[tokio::test]
async fn a_watch_that_ended_is_replaced_by_the_next_subscription() {
    let stage = stage(1);
    let mut reader = stage.subscribe("ConfigMap").unwrap();
    reader.synced().await.unwrap();
    stage.fake.disturb_watches(&Error::Denied("expired".into()));
    until(|| matches!(reader.state(), State::Ended(_))).await;
    let mut next = stage.subscribe("ConfigMap").unwrap();
    next.synced().await.unwrap();
    drop(reader);
    assert_eq!(stage.hub.watches(), 1);
    stage.hub.forget("one");
    assert!(matches!(next.state(), State::Ended(Error::Credentials(_))));
    assert_eq!(stage.hub.watches(), 0);
}

#[tokio::test]
async fn an_unused_watch_lingers_and_then_ends() {
    let stage = stage(1);
    let mut reader = stage.subscribe("ConfigMap").unwrap();
    reader.synced().await.unwrap();
    assert!(matches!(stage.subscribe("Pod"), Err(Error::Busy { .. })));
    drop(reader);
    until(|| stage.clock.sleepers() == 1).await;

    // Somebody comes back in time: the same watch.
    stage.clock.advance(Duration::from_secs(59));
    let reader = stage.subscribe("ConfigMap").unwrap();
    stage.clock.advance(Duration::from_secs(59));
    tokio::task::yield_now().await;
    assert_eq!(stage.fake.watches(), 1);

    drop(reader);
    until(|| stage.clock.sleepers() > 0).await;
    // A busy watch ends too.
    stage.put("ConfigMap", "a", "1");
    stage.clock.advance(Duration::from_mins(1));
    until(|| stage.hub.watches() == 0).await;
    until(|| stage.fake.watches() == 0).await;
    assert!(stage.subscribe("Pod").is_ok());
}
