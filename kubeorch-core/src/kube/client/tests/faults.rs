//! What the client makes of a server that fails, on the simulator's fault scripts, with every request counted.

use std::sync::Arc;
use std::time::Duration;

use ::kube::client::Body;
use futures::StreamExt;
use futures::future::join_all;
use http::Request;
use kubeorch_simulator::{Action, Fault, Simulator, Verb};
use parking_lot::Mutex;
use serde_json::json;

use super::server::{Leaping, Server};
use crate::kube::{
    ApplyOptions, Class, Client, Cluster, Error, Event, Health, Known, Operation, Options, Scope,
};
use crate::manifest::{Key, Kind, Object};
use crate::time::Clock;

/// A request: when, in milliseconds, and what.
type Log = Arc<Mutex<Vec<(i64, String)>>>;

struct Stage {
    simulator: Simulator,
    client: Client,
    clock: Arc<Leaping>,
    log: Log,
}

fn stage(faults: impl IntoIterator<Item = Fault>) -> Stage {
    let simulator = Simulator::builder().faults(faults).build();
    let (clock, log) = (Leaping::new(), Log::default());
    let inner = ::kube::Client::new(simulator.service(), "default");
    let service = tower::service_fn({
        let (clock, log) = (clock.clone(), log.clone());
        move |request: Request<Body>| {
            log.lock().push((clock.now().as_millis(), format!("{} {}", request.method(), request.uri())));
            let inner = inner.clone();
            async move { inner.send(request).await }
        }
    });
    let client = ::kube::Client::new(service, "default");
    Stage { client: Client::with(client, Options::default(), clock.clone()), simulator, clock, log }
}

impl Stage {
    /// When config maps were asked for, discovery left out.
    fn asked(&self) -> Vec<i64> {
        let log = self.log.lock();
        log.iter().filter(|(_, line)| line.contains("/configmaps")).map(|(at, _)| *at).collect()
    }

    async fn apply(&self, name: &str) -> Result<Operation, Error> {
        let options = ApplyOptions { known: Some(Known::Absent), ..ApplyOptions::default() };
        let applied = self.client.apply(&map(name, "1"), &options).await;
        applied.map(|applied| applied.operation)
    }
}

fn map(name: &str, value: &str) -> Object {
    Object::new(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default", "labels": { "of": "test" } },
        "data": { "key": value },
    }))
    .unwrap()
}

fn on_maps(action: Action, times: u64) -> Fault {
    Fault::new(action).resource("configmaps").times(times)
}

#[tokio::test(start_paused = true)]
async fn every_fault_costs_as_many_requests_as_it_must() {
    use Action as A;
    let slow = A::Delay(Duration::from_secs(6));
    for (action, times, requests, expected) in [
        (A::TooManyRequests(2), 1, 2, "Created"),
        (A::TooManyRequests(2), 9, 5, "Busy"),
        (A::TooManyRequests(60), 9, 1, "Busy"),
        (A::InternalError, 2, 3, "Created"),
        (A::InternalError, 9, 5, "Busy"),
        (A::Unavailable, 1, 2, "Created"),
        (A::Reset, 1, 2, "Created"),
        (A::Reset, 9, 5, "Network"),
        // It was carried out, so the second request finds it done.
        (A::ResetAfter, 1, 2, "Updated"),
        (A::Cut(10), 1, 2, "Updated"),
        (slow, 9, 1, "Network"),
        // What waiting does not mend is not repeated.
        (A::Conflict, 9, 1, "Busy"),
        (A::Deny("no".into()), 9, 1, "Admission"),
        (A::NamespaceTerminating, 9, 1, "NamespaceTerminating"),
        (A::NotEstablished, 9, 1, "NotServed"),
    ] {
        let stage = stage([on_maps(action.clone(), times)]);
        let told = match stage.apply("a").await {
            Ok(operation) => format!("{operation:?}"),
            Err(error) => format!("{:?}", error.class()),
        };
        let asked = stage.asked();
        assert_eq!((asked.len(), told.as_str()), (requests, expected), "{action:?}");
        if let A::TooManyRequests(seconds) = action {
            let pause = i64::try_from(seconds).unwrap() * 1000;
            assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= pause), "{asked:?}");
        }
        let counters = stage.client.counters();
        assert_eq!(counters.retries, requests as u64 - 1, "{action:?}");
        assert_eq!((counters.in_flight, counters.waiting), (0, 0), "{action:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_sends_before_the_pause_is_over() {
    let stage = stage([on_maps(Action::TooManyRequests(3), 1)]);
    stage.client.namespaced(&Kind::new("v1", "ConfigMap")).await.unwrap();
    assert!(matches!(stage.apply("first").await, Ok(Operation::Created)));
    let asked = stage.asked();
    assert!(asked.len() == 2 && asked[1] - asked[0] >= 3000, "{asked:?}");

    // Twenty more while it lasts: each waits, none is sent early, none twice.
    stage.simulator.set_faults([on_maps(Action::TooManyRequests(3), 1)]);
    let names: Vec<_> = (0..20).map(|at| format!("m{at}")).collect();
    let first = stage.asked().len();
    let began = stage.clock.now().as_millis();
    let one = stage.apply("second");
    let others = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        join_all(names.iter().map(|name| stage.apply(name))).await
    };
    let (one, others) = tokio::join!(one, others);
    assert!(one.is_ok() && others.iter().all(Result::is_ok));
    let after: Vec<_> = stage.asked().split_off(first);
    assert_eq!(after.len(), 22);
    assert!(after[1..].iter().all(|at| at - began >= 3000), "{after:?}");
    let counters = stage.client.counters();
    // Halved twice, and one more when the queue was let go.
    assert_eq!((counters.throttled, counters.retries, counters.limit), (2, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_is_told_at_once_and_kept() {
    let stage = stage([on_maps(Action::TooManyRequests(60), 1)]);
    for waited in [0, 20, 34] {
        tokio::time::sleep(Duration::from_secs(waited)).await;
        let error = stage.apply("a").await.unwrap_err();
        assert!(matches!(error, Error::Busy { retry_after: Some(_), .. }), "{error}");
    }
    // The watch keeps it as well.
    let scope = Scope { kind: Kind::new("v1", "ConfigMap"), namespace: None, labels: "of=test".into() };
    let mut events = stage.client.watch(&scope);
    assert!(matches!(events.next().await, Some(Err(Error::Busy { .. }))));
    assert_eq!(stage.asked().len(), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Four seconds are left, and so long a call waits.
    assert!(stage.apply("a").await.is_ok());
    let asked = stage.asked();
    assert!(asked.len() == 2 && asked[1] - asked[0] >= 60_000, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_costs_nothing_until_a_probe_is_answered() {
    let stage = stage([Fault::new(Action::Reset)]);
    let mut health = stage.client.health();
    assert_eq!(*health.borrow_and_update(), Health::Unknown);
    let maps = Scope { kind: Kind::new("v1", "ConfigMap"), namespace: None, labels: String::new() };
    let read = || stage.client.list(&maps);
    let first = read().await.unwrap_err();
    assert_eq!((first.class(), stage.log.lock().len()), (Class::Network, 5));
    assert!(matches!(&*health.borrow_and_update(), Health::Down { .. }));
    for _ in 0..100 {
        let error = read().await.unwrap_err();
        assert!(matches!(&error, Error::Unreachable(text) if text.contains("tried again in")), "{error}");
    }
    assert_eq!(stage.log.lock().len(), 5);
    assert_eq!((stage.client.counters().opened, stage.client.counters().refused), (1, 100));

    // Probes alone, ever more seldom: in ten minutes after 1, 2, 4 … 60 s, each up to half longer.
    tokio::time::sleep(Duration::from_mins(10)).await;
    let probes: Vec<_> = stage.log.lock().split_off(5);
    assert!(probes.iter().all(|(_, line)| line == "GET /readyz"), "{probes:?}");
    assert!((14..=16).contains(&probes.len()), "{}", probes.len());

    stage.simulator.set_faults([]);
    let up = |health: &Health| matches!(health, Health::Up { .. });
    tokio::time::timeout(Duration::from_secs(61), health.wait_for(up)).await.unwrap().unwrap();
    assert!(read().await.is_ok());
    assert_eq!(stage.client.counters().opened, 1);

    // Who tests the connection does not wait for a probe.
    stage.simulator.set_faults([Fault::new(Action::Reset)]);
    assert!(read().await.is_err() && stage.client.info().await.is_err());
    stage.simulator.set_faults([]);
    assert!(read().await.is_err() && stage.client.info().await.is_ok() && read().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_hangs_holds_up_no_other() {
    let (well, hung) = (stage([]), Client::with(Server::new([]).raw(), Options::default(), Leaping::new()));
    let key = Key { kind: Kind::new("v1", "Pod"), namespace: None, name: "a".to_owned() };
    let began = tokio::time::Instant::now();
    let waiting = join_all((0..100).map(|_| hung.get(&key)));
    let working = async {
        let names: Vec<_> = (0..100).map(|at| format!("m{at}")).collect();
        let results = join_all(names.iter().map(|name| well.apply(name))).await;
        (results.iter().filter(|result| result.is_ok()).count(), began.elapsed())
    };
    let (failed, (worked, took)) = tokio::join!(waiting, working);
    assert!(worked == 100 && took < Duration::from_millis(100), "{took:?}");
    assert!(failed.iter().all(Result::is_err));
    // Eight at a time for 5 s each would take 65 s; after five silences nobody waits any more.
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_watch_outlives_what_happens_to_its_connections() {
    let drops = Fault::new(Action::DropWatch(2)).verb(Verb::Watch);
    let gone = Fault::new(Action::Gone).verb(Verb::Watch).after(2).times(1);
    let broken = Fault::new(Action::InternalError).verb(Verb::Watch).times(1);
    for (faults, restarts) in [(vec![drops], 0), (vec![gone.clone()], 0), (vec![broken], 0)] {
        let stage = stage(faults);
        let scope = Scope { kind: Kind::new("v1", "ConfigMap"), namespace: None, labels: "of=test".into() };
        let mut events = stage.client.watch(&scope);
        let (mut seen, mut restarted) = (std::collections::BTreeSet::new(), 0);
        for at in 0..8 {
            stage.apply(&format!("m{at}")).await.unwrap();
            while seen.len() <= at {
                match events.next().await {
                    Some(Ok(Event::Applied(object))) => {
                        seen.insert(object.name().to_owned());
                    }
                    Some(Ok(Event::Restarted)) => restarted += 1,
                    Some(Ok(Event::Synced)) => {}
                    Some(Err(error)) => assert!(error.retry(), "{error}"),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((seen.len(), restarted), (8, restarts));
    }
}
