//! A plugin that keeps failing is left alone, and tried again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{Guest, catalog, limits, request};
use crate::plugin::wasm::{Host, Quarantine, Registry, WasmSandbox};
use crate::plugin::{Error, NodeTypes, Sandbox};
use crate::time::{Clock, ManualClock};

/// Traps for a node whose id is a single character, else answers.
const PICKY: &str =
    "(if (i32.eq (i32.load8_u (i32.add (local.get 0) (i32.const 16))) (i32.const 34)) (then unreachable))
    (call $answer (local.get 0) (local.get 1))";

struct Stage {
    clock: Arc<ManualClock>,
    host: Host,
    registry: Arc<Registry>,
    asked: u32,
}

impl Stage {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_000_000));
        let host = Host::with_clock(limits(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let good = Guest::with_catalog(catalog("good", &["good"])).bytes();
        let registry = Registry::builder()
            .host(host.clone())
            .plugin("picky.wasm", Guest::calling(PICKY).bytes())
            .plugin("good.wasm", good);
        Self { clock, host, registry: Arc::new(registry.try_build().await.unwrap()), asked: 0 }
    }

    /// Renders a node that makes the plugin trap, or one that does not.
    async fn render(&mut self, well: bool) -> Result<(), Error> {
        self.asked += 1;
        let mut ask = request(json!({ "asked": self.asked }));
        ask.node.id = if well { "node".into() } else { "n".into() };
        self.registry.render(&ask).await.map(drop)
    }

    /// Whether metrics are told that it is left alone.
    fn told(&self) -> bool {
        let (host, registry) = (self.host.clone(), Arc::clone(&self.registry));
        let usage = WasmSandbox::new(host, registry).usage();
        usage.iter().find(|usage| usage.id == "test").unwrap().quarantined
    }

    async fn trap(&mut self, times: u32) {
        for _ in 0..times {
            let error = self.render(false).await.unwrap_err();
            assert!(error.fault().is_some(), "{error}");
        }
    }

    async fn refused(&mut self, seconds: u64) {
        let retry_after = Duration::from_secs(seconds);
        let expected = Error::Quarantined { plugin: "test".into(), faults: 5, retry_after };
        assert_eq!(self.render(true).await, Err(expected));
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn state(&self) -> Quarantine {
        self.registry.stats()[0].quarantine
    }
}

#[tokio::test]
async fn five_faults_close_together_open_it() {
    let mut stage = Stage::new().await;
    stage.trap(4).await;
    stage.render(true).await.unwrap();
    assert_eq!(stage.state(), Quarantine::Closed);
    assert!(!stage.told());
    stage.trap(1).await;
    assert!(stage.told());
    assert_eq!(stage.state(), Quarantine::Open { until: stage.clock.now().plus(Duration::from_secs(30)) });
    stage.refused(30).await;
    stage.advance(12);
    stage.refused(18).await;
    let told = stage.render(true).await.unwrap_err().to_string();
    assert_eq!(told, "plugin test failed 5 times and is left alone; it is tried again in 18 s");

    // Nobody else notices.
    let mut ask = request(json!({}));
    ask.node.kind = "good".into();
    stage.registry.render(&ask).await.unwrap();
    assert_eq!(stage.registry.stats()[1].quarantine, Quarantine::Closed);
}

#[tokio::test]
async fn faults_far_apart_do_not_open_it() {
    let mut stage = Stage::new().await;
    for _ in 0..10 {
        stage.trap(1).await;
        stage.advance(16);
    }
    assert_eq!(stage.state(), Quarantine::Closed);
}

#[tokio::test]
async fn a_good_probe_closes_it_and_a_bad_one_doubles_the_wait() {
    let mut stage = Stage::new().await;
    stage.trap(5).await;
    for seconds in [30, 60, 120, 240, 480, 600, 600] {
        stage.advance(seconds - 1);
        stage.refused(1).await;
        stage.advance(1);
        stage.trap(1).await;
    }
    stage.advance(600);
    assert!(stage.told());
    stage.render(true).await.unwrap();
    assert!(!stage.told());
    assert_eq!(stage.state(), Quarantine::Closed);
    // As if nothing had been.
    stage.trap(4).await;
    assert_eq!(stage.state(), Quarantine::Closed);
    stage.trap(1).await;
    stage.refused(30).await;
}

#[tokio::test]
async fn a_probe_that_never_ran_leaves_the_next_one_to_try() {
    let mut stage = Stage::new().await;
    stage.trap(5).await;
    stage.advance(30);
    let ask = request(json!({"dropped": true}));
    drop(Box::pin(stage.registry.render(&ask)));
    stage.render(true).await.unwrap();
    assert_eq!(stage.state(), Quarantine::Closed);
}

#[tokio::test]
async fn what_is_known_is_answered_meanwhile_and_rejections_do_not_count() {
    let mut stage = Stage::new().await;
    let known = request(json!({"known": true}));
    stage.registry.render(&known).await.unwrap();
    stage.trap(5).await;
    stage.registry.render(&known).await.unwrap();

    let registry = Guest::calling("(call $failure)").registry().await;
    for n in 0..10 {
        let error = registry.render(&request(json!({ "n": n }))).await.unwrap_err();
        assert!(error.fault().is_some(), "{error}");
    }
}
