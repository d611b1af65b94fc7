//! Fault scripts: what a client meets, and what is counted.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use kubeorch_simulator::{Action, Fault, Tally, Verb};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Cluster, MAPS, PODS};

#[tokio::test]
async fn fault_scripts_act_on_what_they_name() {
    let cluster = Cluster::new();
    cluster.simulator.set_faults([
        Fault::new(Action::TooManyRequests(3)).verb(Verb::Create).resource("configmaps").times(1),
        Fault::new(Action::Conflict).verb(Verb::Create).resource("configmaps").times(1),
        Fault::new(Action::InternalError).verb(Verb::List).resource("pods"),
    ]);
    let map = json!({ "metadata": { "name": "a" } });
    for code in [429, 409, 201] {
        assert_eq!(cluster.create(MAPS, &map).await.0, code);
    }
    assert_eq!(cluster.get(PODS).await["code"], 500);
    assert_eq!(cluster.get(MAPS).await["kind"], "ConfigMapList");
}

#[tokio::test]
async fn every_refusal_looks_as_from_a_cluster() {
    let map = json!({ "metadata": { "name": "a" } });
    for (action, code, reason, message) in [
        (Action::TooManyRequests(1), 429, "TooManyRequests", "the server has received too many requests"),
        (Action::InternalError, 500, "InternalError", "internal error"),
        (Action::Conflict, 409, "Conflict", "Operation cannot be fulfilled"),
        (Action::Gone, 410, "Expired", "The resourceVersion for the provided watch or list is too old"),
        (
            Action::Deny("no".to_owned()),
            403,
            "Forbidden",
            "admission webhook \"faults.simulator.local\" denied the request: no",
        ),
        (
            Action::NamespaceTerminating,
            403,
            "Forbidden",
            "configmaps \"\" is forbidden: unable to create new content in namespace default because it is being terminated",
        ),
        (Action::NotEstablished, 404, "NotFound", "the server could not find the requested resource"),
    ] {
        let cluster = Cluster::new();
        cluster
            .simulator
            .set_faults([Fault::new(action.clone()).namespace("default").user_agent("test").times(1)]);
        let (status, answer) = cluster.create(MAPS, &map).await;
        assert_eq!((status.as_u16(), answer["code"].as_u64()), (code, Some(code.into())), "{action:?}");
        assert_eq!(answer["reason"], reason, "{action:?}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{answer}");
        assert_eq!(cluster.create(MAPS, &map).await.0, 201, "{action:?} changed something");
        let tally = Tally { name: String::new(), matched: 2, acted: 1 };
        assert_eq!(cluster.simulator.tallies(), [tally], "{action:?}");
    }
}

/// What a request leads to: the body as far as it came, and whether it broke.
async fn body(cluster: &Cluster, method: &str, path: &str, body: &Value) -> Option<(usize, bool)> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).body(Full::new(body)).unwrap();
    let mut answer = cluster.simulator.service().oneshot(request).await.ok()?.into_body();
    let mut read = 0;
    while let Some(frame) = answer.frame().await {
        match frame {
            Ok(frame) => read += frame.into_data().map_or(0, |data| data.len()),
            Err(_) => return Some((read, true)),
        }
    }
    Some((read, false))
}

#[tokio::test]
async fn connections_break_before_after_and_in_the_middle() {
    let cluster = Cluster::new();
    let map = |name: &str| json!({ "metadata": { "name": name } });
    for (action, outcome, stored) in [
        (Action::Reset, None, false),
        (Action::ResetAfter, None, true),
        (Action::Cut(10), Some((10, true)), true),
    ] {
        cluster.simulator.set_faults([Fault::new(action.clone()).verb(Verb::Create)]);
        assert_eq!(body(&cluster, "POST", MAPS, &map("a")).await, outcome, "{action:?}");
        cluster.simulator.set_faults([]);
        let found = cluster.get(&format!("{MAPS}/a")).await;
        assert_eq!(found["kind"] == "ConfigMap", stored, "{action:?}");
        cluster.call("DELETE", &format!("{MAPS}/a"), "", &Value::Null).await;
    }
}

#[tokio::test]
async fn a_watch_meets_its_end_as_an_event() {
    let cluster = Cluster::new();
    cluster.simulator.set_faults([Fault::new(Action::Gone).verb(Verb::Watch)]);
    let event = cluster.get(&format!("{MAPS}?watch=1&resourceVersion=1")).await;
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
}
