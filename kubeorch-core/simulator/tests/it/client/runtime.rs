//! kube-rs's runtime over the simulator's real port: the same code paths as against a cluster.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{Api, AttachParams, DeleteParams, LogParams, Patch, PatchParams, PostParams};
use kube::runtime::controller::Action as Next;
use kube::runtime::finalizer::{Event, finalizer};
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::wait::{Condition, await_condition, conditions};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, Config, ResourceExt};
use kubeorch_simulator::{Action, Fault, Simulator, User, Verb};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const FINALIZER: &str = "example.org/clean";

/// A simulator behind a port, and a client that reaches it there.
async fn served(simulator: &Simulator, token: Option<&str>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let simulator = simulator.clone();
    tokio::spawn(async move { simulator.serve(listener, std::future::pending()).await });
    let mut config = Config::new(server.parse().unwrap());
    config.auth_info.token = token.map(|token| token.to_owned().into());
    Client::try_from(config).unwrap()
}

fn map(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({ "metadata": { "name": name }, "data": { "value": value } })).unwrap()
}

fn pod(name: &str, image: &str) -> Pod {
    serde_json::from_value(json!({
        "metadata": { "name": name },
        "spec": { "containers": [{ "name": "c", "image": image }] },
    }))
    .unwrap()
}

/// A reflector's store is right again after everything that can happen to its watch.
#[tokio::test]
async fn a_reflector_converges_through_faults() {
    for streaming in [false, true] {
        let simulator = Simulator::builder().seed(1).build();
        let client = served(&simulator, None).await;
        simulator.set_faults([
            Fault::new(Action::DropWatch(2)).resource("configmaps").times(3).named("drop"),
            Fault::new(Action::Gone).verb(Verb::Watch).resource("configmaps").after(1).times(2).named("gone"),
            Fault::new(Action::InternalError).verb(Verb::Watch).after(4).times(1),
        ]);
        let maps: Api<ConfigMap> = Api::default_namespaced(client);
        let (reader, writer) = reflector::store();
        let config = watcher::Config::default();
        let config = if streaming { config.streaming_lists() } else { config.page_size(2) };
        let mut events = watcher(maps.clone(), config).default_backoff().reflect(writer).boxed();
        let changes = tokio::spawn(change(maps));
        let settled = || {
            let last = reader.get(&ObjectRef::new("map-11").within("default"));
            let value = last.and_then(|last| last.data.clone()?.get("value").cloned());
            // The cluster's certificate is a config map, too.
            reader.len() == 7 && value.as_deref() == Some("2")
        };
        let follow = async {
            while !settled() {
                // Errors of dropped watches are told and mended.
                drop(events.next().await);
            }
        };
        timeout(PATIENCE, follow).await.unwrap();
        changes.await.unwrap();
        assert!(simulator.tallies().iter().any(|tally| tally.acted > 0), "no fault came into play");
    }
}

/// Twelve config maps made, six deleted, the last one changed.
async fn change(maps: Api<ConfigMap>) {
    for at in 0..12 {
        maps.create(&PostParams::default(), &map(&format!("map-{at}"), "1")).await.unwrap();
    }
    for at in 0..6 {
        maps.delete(&format!("map-{at}"), &DeleteParams::default()).await.unwrap();
    }
    maps.replace("map-11", &PostParams::default(), &map("map-11", "2")).await.unwrap();
}

#[tokio::test]
async fn conditions_are_awaited() {
    let simulator = Simulator::builder().seed(1).build();
    let client = served(&simulator, None).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("web", "web:1")).await.unwrap();
    let running = await_condition(pods.clone(), "web", conditions::is_pod_running());
    let found = timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    let uid = found.uid().unwrap();
    let gone = await_condition(pods.clone(), "web", conditions::is_deleted(&uid));
    pods.delete("web", &DeleteParams::default()).await.unwrap();
    let last = timeout(PATIENCE, gone).await.unwrap().unwrap();
    assert!(conditions::is_deleted(&uid).matches_object(last.as_ref()));
}

#[derive(Debug)]
struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("never")
    }
}

impl std::error::Error for Never {}

#[tokio::test]
async fn the_finalizer_helper_cleans_up_before_the_end() {
    let simulator = Simulator::builder().seed(1).build();
    let maps: Api<ConfigMap> = Api::default_namespaced(served(&simulator, None).await);
    let reconcile = async |object: ConfigMap| {
        let mut seen = "";
        let step = |event| {
            seen = match event {
                Event::Apply(_) => "apply",
                Event::Cleanup(_) => "cleanup",
            };
            std::future::ready(Ok::<_, Never>(Next::await_change()))
        };
        finalizer(&maps, FINALIZER, Arc::new(object), step).await.unwrap();
        seen
    };
    let made = maps.create(&PostParams::default(), &map("held", "1")).await.unwrap();
    assert_eq!(reconcile(made).await, "");
    let held = maps.get("held").await.unwrap();
    assert_eq!(held.finalizers(), [FINALIZER]);
    assert_eq!(reconcile(held).await, "apply");
    maps.delete("held", &DeleteParams::default()).await.unwrap();
    let going = maps.get("held").await.unwrap();
    assert!(going.metadata.deletion_timestamp.is_some());
    assert_eq!(reconcile(going).await, "cleanup");
    assert!(maps.get_opt("held").await.unwrap().is_none());
}

#[tokio::test]
async fn forced_apply_takes_fields_over() {
    let simulator = Simulator::builder().seed(1).build();
    let maps: Api<ConfigMap> = Api::default_namespaced(served(&simulator, None).await);
    let patch = |value: &str| {
        Patch::Apply(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "shared" }, "data": { "value": value },
        }))
    };
    maps.patch("shared", &PatchParams::apply("one"), &patch("1")).await.unwrap();
    let refused = maps.patch("shared", &PatchParams::apply("two"), &patch("2")).await.unwrap_err();
    let kube::Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!(status.message, "Apply failed with 1 conflict: conflict with \"one\": .data.value");
    let taken = maps.patch("shared", &PatchParams::apply("two").force(), &patch("2")).await.unwrap();
    let owners: Vec<_> = taken.managed_fields().iter().map(|entry| entry.manager.clone().unwrap()).collect();
    assert_eq!(owners, ["two"]);
    // What nobody applies any more goes.
    let empty: Patch<Value> =
        Patch::Apply(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "shared" } }));
    let left = maps.patch("shared", &PatchParams::apply("two"), &empty).await.unwrap();
    assert!(left.data.is_none_or(|data| data.is_empty()));
}

#[tokio::test]
async fn commands_and_logs_come_through_the_port() {
    let simulator = Simulator::builder().seed(1).build();
    let pods: Api<Pod> = Api::default_namespaced(served(&simulator, None).await);
    pods.create(&PostParams::default(), &pod("web", "web:1")).await.unwrap();
    let running = await_condition(pods.clone(), "web", conditions::is_pod_running());
    timeout(PATIENCE, running).await.unwrap().unwrap();
    let params = AttachParams::default().stdin(true).stderr(false);
    let mut process = pods.exec("web", ["cat"], &params).await.unwrap();
    let (mut input, mut output) = (process.stdin().unwrap(), process.stdout().unwrap());
    input.write_all(b"through").await.unwrap();
    input.shutdown().await.unwrap();
    drop(input);
    let mut text = String::new();
    timeout(PATIENCE, output.read_to_string(&mut text)).await.unwrap().unwrap();
    assert_eq!(text, "through");
    let status = process.take_status().unwrap();
    assert_eq!(timeout(PATIENCE, status).await.unwrap().unwrap().status.as_deref(), Some("Success"));

    let mut failing = pods.exec("web", ["sh", "-c", "exit 3"], &AttachParams::default()).await.unwrap();
    let status = timeout(PATIENCE, failing.take_status().unwrap()).await.unwrap().unwrap();
    assert_eq!(status.reason.as_deref(), Some("NonZeroExitCode"));

    let stream = pods.log_stream("web", &LogParams { follow: true, ..LogParams::default() }).await.unwrap();
    let mut lines = futures::AsyncBufReadExt::lines(stream);
    assert_eq!(lines.try_next().await.unwrap().as_deref(), Some("c starting web:1"));
}

#[tokio::test]
async fn tokens_are_who_they_are_and_rbac_is_asked() {
    let jane = User::new("jane").token("letter").group("devs");
    let simulator = Simulator::builder().seed(1).user(jane).build();
    let admin: Api<ConfigMap> = Api::default_namespaced(served(&simulator, None).await);
    admin.create(&PostParams::default(), &map("a", "1")).await.unwrap();
    for (token, code) in [("letter", 403), ("forged", 401)] {
        let maps: Api<ConfigMap> = Api::default_namespaced(served(&simulator, Some(token)).await);
        let kube::Error::Api(status) = maps.get("a").await.unwrap_err() else { panic!() };
        assert_eq!(status.code, code, "{token}");
    }
    let client = served(&simulator, None).await;
    let bindings: Api<k8s_openapi::api::rbac::v1::RoleBinding> = Api::default_namespaced(client);
    let binding = serde_json::from_value(json!({
        "metadata": { "name": "devs" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "devs" }],
    }))
    .unwrap();
    bindings.create(&PostParams::default(), &binding).await.unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(served(&simulator, Some("letter")).await);
    assert_eq!(maps.get("a").await.unwrap().name_any(), "a");
    assert!(maps.delete("a", &DeleteParams::default()).await.is_err());
}
