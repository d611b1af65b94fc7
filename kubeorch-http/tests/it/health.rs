//! Probes and metrics of a store that fails.

use std::sync::Arc;

use async_trait::async_trait;
use kubeorch_core::Engine;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::store::{Batch, Error, Health, Memory, Seq, Snapshot, Store};
use kubeorch_core::time::SystemClock;
use kubeorch_http::Options;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::support::App;

/// A store in memory that says of itself what a test wants.
struct Moody {
    inner: Memory,
    health: Mutex<Health>,
    unreadable: Mutex<Option<Error>>,
}

#[async_trait]
impl Store for Moody {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        match &*self.unreadable.lock() {
            Some(error) => Err(error.clone()),
            None => self.inner.snapshot(),
        }
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, Error> {
        self.inner.commit(batch).await
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.inner.head()
    }

    fn health(&self) -> Health {
        self.health.lock().clone()
    }
}

async fn app() -> (App, Arc<Moody>) {
    let inner = Memory::new(Arc::new(SystemClock));
    let store = Arc::new(Moody { inner, health: Mutex::default(), unreadable: Mutex::default() });
    let builder = Engine::builder().plugins(Arc::new(Types::toys())).store(store.clone());
    let engine = builder.build().await.unwrap();
    let router = kubeorch_http::router(engine.clone(), Options::default());
    (App { engine, cluster: Fake::new(), router }, store)
}

/// Status and error of `/health/startup`, `/health/ready` and `/ready`.
async fn probes(app: &App) -> Vec<(u16, Option<String>)> {
    let mut answers = Vec::new();
    for path in ["/health/startup", "/health/ready", "/ready"] {
        let answer = app.call("GET", path, "", "").await;
        answers.push((answer.status.as_u16(), answer.json()["error"].as_str().map(str::to_owned)));
    }
    for path in ["/health", "/health/live"] {
        assert_eq!(app.call("GET", path, "", "").await.text, r#"{"status":"healthy"}"#);
    }
    answers
}

#[tokio::test]
async fn a_store_that_does_not_write_is_not_ready_and_says_why() {
    let (app, store) = app().await;
    let well = (200, None);
    let ill = |text: &str| (503, Some(text.to_owned()));
    assert_eq!(probes(&app).await, [well.clone(), well.clone(), well.clone()]);
    store.health.lock().refuses = Some("its disk fails".into());
    let refuses = ill("the store only reads: its disk fails");
    assert_eq!(probes(&app).await, [well.clone(), refuses.clone(), refuses]);
    let damaged = Error::Damaged { what: "the file".into(), reason: "of a bit".into() };
    for (error, text) in [
        (Error::Unavailable("it was closed".into()), "the store is not available: it was closed"),
        (damaged, "the store is not available: the file cannot be read: of a bit"),
    ] {
        *store.unreadable.lock() = Some(error);
        assert_eq!(probes(&app).await, [ill(text), ill(text), ill(text)]);
    }
    *store.unreadable.lock() = None;
    store.health.lock().refuses = None;
    assert_eq!(probes(&app).await, [well.clone(), well.clone(), well]);
}

#[tokio::test]
async fn metrics_tell_the_numbers_of_the_store() {
    let (app, store) = app().await;
    *store.health.lock() = Health {
        refuses: Some("its disk fails".into()),
        batches: 70,
        commits: 7,
        waiting: 3,
        last_commit: std::time::Duration::from_millis(250),
        oldest_view: Some(std::time::Duration::from_millis(1500)),
        file_bytes: 4096,
    };
    let text = app.call("GET", "/metrics", "", "").await.text;
    for line in [
        "# HELP kubeorch_store_batches Writes answered as durable",
        "kubeorch_store_batches_total 70",
        "kubeorch_store_commits_total 7",
        "kubeorch_store_waiting_batches 3.0",
        "kubeorch_store_last_commit_seconds 0.25",
        "kubeorch_store_oldest_view_seconds 1.5",
        "kubeorch_store_file_bytes 4096.0",
        "kubeorch_store_refuses 1.0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
