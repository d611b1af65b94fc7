//! What the tests of raw requests share.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use kubeorch_simulator::{ManualClock, Simulator};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A cluster whose time stands still between calls of [`Cluster::pass`].
pub(crate) struct Cluster {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::default();
        let simulator = Simulator::builder().clock(clock.clone()).seed(7).build();
        simulator.settle();
        Self { simulator, clock }
    }

    /// Lets time pass in steps small enough for every timer on the way.
    pub(crate) fn pass(&self, seconds: u64) {
        for _ in 0..seconds * 20 {
            self.clock.advance(Duration::from_millis(50));
            self.simulator.settle();
        }
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .header("user-agent", "test/1")
            .body(Full::new(body))
            .unwrap();
        let response = self.simulator.service().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call("GET", path, "", &Value::Null).await.1
    }

    pub(crate) async fn create(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.call("POST", path, "application/json", body).await
    }

    pub(crate) async fn apply(&self, path: &str, manager: &str, body: &Value) -> (StatusCode, Value) {
        let path = format!("{path}?fieldManager={manager}");
        self.call("PATCH", &path, "application/apply-patch+yaml", body).await
    }
}

pub(crate) const MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub(crate) const PODS: &str = "/api/v1/namespaces/default/pods";
pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

pub(crate) fn pod(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
        "spec": { "containers": [{ "name": "c", "image": image }] },
    })
}

pub(crate) fn deployment(image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": image }] },
            },
        },
    })
}
