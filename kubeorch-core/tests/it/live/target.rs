//! The cluster a suite runs on: a simulator of the test's own, or the real one that `KUBECONFIG` names when
//! `KUBEORCH_TEST_CLUSTER=1`.
//!
//! Pods of a real cluster must behave as simulated ones, by their images: `tests/control-plane` starts such a
//! cluster. What only a simulator can do (faults, time) is tested elsewhere, on the simulator or the fake.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kubeorch_core::kube::{
    ApplyOptions, Client, Cluster, DeleteOptions, Event, Scope, from_kubeconfig_files,
};
use kubeorch_core::manifest::{self, Key, Object};
use kubeorch_simulator::Simulator;
use serde_json::{Value, json};

/// How long a cluster may take for what it does by itself, on a machine at work.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A cluster, and the name of a namespace in it for this test alone. It is not there yet; what makes it is
/// the run under test, or [`Target::furnish`].
pub(crate) struct Target {
    pub(crate) cluster: Arc<dyn Cluster>,
    pub(crate) namespace: String,
    /// Kept alive; `None` on a real cluster.
    _simulator: Option<Simulator>,
}

impl Target {
    /// Panics when a cluster is asked for and not to be had: a suite that proves nothing must not pass.
    pub(crate) async fn get() -> Self {
        let (cluster, simulator): (Arc<dyn Cluster>, _) = if std::env::var("KUBEORCH_TEST_CLUSTER").as_deref()
            == Ok("1")
        {
            let (client, _) = from_kubeconfig_files(None, None).await.expect("KUBECONFIG names a cluster");
            (Arc::new(client), None)
        } else {
            let simulator = Simulator::builder().nodes(2).build();
            (Arc::new(Client::simulated(&simulator)), Some(simulator))
        };
        let mut random = [0; 6];
        getrandom::fill(&mut random).unwrap();
        let namespace =
            random.iter().fold("kubeorch-test-".to_owned(), |name, byte| name + &format!("{byte:02x}"));
        Self { cluster, namespace, _simulator: simulator }
    }

    /// With the namespace made, for tests in which nobody else makes it.
    pub(crate) async fn furnished() -> Self {
        let target = Self::get().await;
        target.furnish().await;
        target
    }

    pub(crate) async fn furnish(&self) {
        let meta = json!({ "name": self.namespace });
        self.apply("test", json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": meta })).await;
        // Pods are refused before their account is there.
        self.until(("v1", "ServiceAccount"), |all| all.iter().any(|one| one.name() == "default")).await;
    }

    /// Removes the namespace, if it is there, and what is in it. A test that fails leaves it, for whoever looks into the failure.
    pub(crate) async fn end(self) {
        let kind = manifest::Kind::new("v1", "Namespace");
        let key = Key { kind, namespace: None, name: self.namespace.clone() };
        self.cluster.delete(&key, &DeleteOptions::default()).await.unwrap();
    }

    pub(crate) fn key(&self, kind: (&str, &str), name: &str) -> Key {
        let kind = manifest::Kind::new(kind.0, kind.1);
        Key { kind, namespace: Some(self.namespace.clone()), name: name.into() }
    }

    pub(crate) async fn object(&self, kind: (&str, &str), name: &str) -> Option<Object> {
        self.cluster.get(&self.key(kind, name)).await.unwrap()
    }

    /// Applies as somebody else would.
    pub(crate) async fn apply(&self, manager: &str, object: Value) -> Object {
        let options = ApplyOptions { manager: manager.into(), force: true, ..ApplyOptions::default() };
        self.cluster.apply(&Object::new(object).unwrap(), &options).await.unwrap().object
    }

    /// Everything of a kind in the namespace, once it is as wanted; woken by the watch.
    pub(crate) async fn until(&self, kind: (&str, &str), wanted: impl Fn(&[Object]) -> bool) -> Vec<Object> {
        let scope = Scope {
            kind: manifest::Kind::new(kind.0, kind.1),
            namespace: Some(self.namespace.clone()),
            labels: String::new(),
        };
        let mut watch = self.cluster.watch(&scope);
        let mut seen: Vec<Object> = Vec::new();
        let mut whole = false;
        let search = async {
            loop {
                match watch.next().await.unwrap() {
                    Ok(Event::Restarted) => (seen, whole) = (Vec::new(), false),
                    Ok(Event::Applied(object)) => {
                        seen.retain(|one| one.name() != object.name());
                        seen.push(object);
                    }
                    Ok(Event::Deleted(object)) => seen.retain(|one| one.name() != object.name()),
                    Ok(Event::Synced) => whole = true,
                    Err(error) => assert!(error.retry(), "{error}"),
                }
                if whole && wanted(&seen) {
                    return seen;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the cluster gets there")
    }
}
