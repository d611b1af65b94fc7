//! Whatever a guest does, the call ends with an error that names it, and the next call is fine.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Guest, brief, limits, request};
use crate::plugin::wasm::{Host, Registry};
use crate::plugin::{Error, FaultKind, NodeTypes};

const LOOP: &str = "(loop $again (br $again)) (unreachable)";
const HOG: &str = "(loop $again
    (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (unreachable)";

async fn render_error(registry: &Registry) -> Error {
    registry.render(&request(json!({}))).await.unwrap_err()
}

#[tokio::test]
async fn limits_end_a_call() {
    for (call, kind, reason) in [
        (LOOP, FaultKind::Timeout, "time"),
        (HOG, FaultKind::Memory, "memory"),
        ("(call $recurse (i32.const 0))", FaultKind::Stack, "stack"),
        // One byte more than the output limit, from memory that the guest does have.
        (
            "(drop (memory.grow (i32.const 4))) (call $ok (i32.const 0) (i32.const 65537))",
            FaultKind::Limit,
            "output",
        ),
        // Far more: the host stops copying by itself.
        (
            "(drop (memory.grow (i32.const 40))) (call $ok (i32.const 0) (i32.const 2000000))",
            FaultKind::Limit,
            "output",
        ),
        ("(unreachable)", FaultKind::Panic, "wasm trap: wasm `unreachable` instruction executed"),
        ("(i32.load (i32.const -4))", FaultKind::Panic, "wasm trap: out of bounds memory access"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", FaultKind::Panic, "wasm trap: integer divide by zero"),
        ("(call $failure)", FaultKind::Rejected, "no.good: {}"),
        // A pointer outside its memory.
        (
            "(call $ok (i32.const 0) (i32.const -1))",
            FaultKind::Contract,
            "list pointer/length out of bounds of memory",
        ),
    ] {
        let registry = Guest::calling(call).registry().await;
        let error = render_error(&registry).await;
        assert_eq!(brief(&error), (kind, reason), "{call}");
    }
}

#[tokio::test]
async fn an_endless_loop_ends_soon_after_its_deadline() {
    let registry = Guest::calling(LOOP).registry().await;
    let start = Instant::now();
    assert_eq!(brief(&render_error(&registry).await), (FaultKind::Timeout, "time"));
    let took = start.elapsed();
    let deadline = limits().deadline;
    assert!(took >= deadline, "stopped after {took:?}, before its deadline");
    // Two ticks and a busy machine.
    assert!(took < deadline + Duration::from_secs(2), "stopped only after {took:?}");
}

#[tokio::test]
async fn a_request_that_is_too_long_never_reaches_the_guest() {
    let registry = Guest::calling("(unreachable)").registry().await;
    let long = "x".repeat(limits().input);
    let error = registry.render(&request(json!({"name": long}))).await.unwrap_err();
    assert_eq!(brief(&error), (FaultKind::Limit, "input"));
    // Nor does it speak against the guest.
    assert_eq!((registry.stats()[0].calls(), registry.stats()[0].failing), (0, 0));
}

#[tokio::test]
async fn a_growth_that_is_refused_is_no_fault_of_a_guest_that_copes() {
    let guest = Guest::calling(
        "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
         (call $answer (local.get 0) (local.get 1))",
    );
    guest.registry().await.render(&request(json!({}))).await.unwrap();
}

#[tokio::test]
async fn answers_that_break_the_contract_name_plugin_and_export() {
    let out = |kind: &str| json!({"object": {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}}});
    let finding = json!({"severity": "error", "code": "a", "message": "b"});
    for (answer, expected) in [
        ("not json".to_owned(), "its answer breaks the contract: expected ident at line 1 column 2"),
        (String::new(), "its answer breaks the contract: EOF while parsing a value at line 1 column 0"),
        ("[".repeat(500), "its answer breaks the contract: a list is no object"),
        (json!({"objects": 7}).to_string(), "its answer breaks the contract: invalid type: integer"),
        (
            json!({"findings": [{"severity": "fatal", "code": "a", "message": "b"}]}).to_string(),
            "its answer breaks the contract: unknown variant `fatal`",
        ),
        (json!({"objects": [{"object": {"kind": "A"}}]}).to_string(), "an object lacks apiVersion, kind"),
        (json!({"objects": [out("Secret")]}).to_string(), "it rendered v1/Secret, which is not among"),
        (json!({"objects": vec![out("ConfigMap"); 200]}).to_string(), "200 objects, at most 100 are allowed"),
        (json!({"findings": vec![finding; 200]}).to_string(), "200 findings, at most 100 are allowed"),
        (json!({"notes": vec![""; 200]}).to_string(), "200 notes, at most 100 are allowed"),
    ] {
        let limits = crate::plugin::Limits { objects: 100, findings: 100, ..limits() };
        let guest = Guest::answering(answer.clone()).bytes();
        let registry = Registry::builder().limits(limits).plugin("a", guest).try_build().await.unwrap();
        let error = render_error(&registry).await.to_string();
        let expected = format!("plugin test failed in render: {expected}");
        assert!(error.starts_with(&expected), "{answer:.60}: {error}");
    }
}

#[tokio::test]
async fn faults_hit_neither_the_next_call_nor_another_plugin() {
    let host = Host::new(limits()).unwrap();
    let catalog = super::catalog("good", &["good"]);
    let good = Guest { catalog, answer: r#"{"notes":["fine"]}"#.into(), ..Guest::default() };
    let registry = Registry::builder()
        .host(host)
        .plugin("bad.wasm", Guest::calling("(unreachable)").bytes())
        .plugin("good.wasm", good.bytes())
        .try_build()
        .await
        .unwrap();
    for round in 0..4 {
        let mut ask = request(json!({"round": round}));
        assert!(registry.render(&ask).await.is_err());
        ask.node.kind = "good".into();
        assert_eq!(registry.render(&ask).await.unwrap().notes, ["fine"]);
    }
    let stats = registry.stats();
    assert_eq!((stats[0].calls(), stats[0].faults(), stats[0].failing), (4, 4, 4));
    assert_eq!((stats[1].calls(), stats[1].faults(), stats[1].failing), (4, 0, 0));
    let render = &stats[0].exports[3];
    assert_eq!((render.export, &render.faults[..]), ("render", &[(FaultKind::Panic, 4)][..]));
    assert_eq!(render.time.count, 4);
}

#[tokio::test]
async fn the_same_limits_hold_without_the_pool() {
    for (call, expected) in [(LOOP, (FaultKind::Timeout, "time")), (HOG, (FaultKind::Memory, "memory"))] {
        let host = Host::on_demand(limits()).unwrap();
        let guest = Guest::calling(call).bytes();
        let registry = Registry::builder().host(host).plugin("a", guest).try_build().await.unwrap();
        assert_eq!(brief(&render_error(&registry).await), expected, "{call}");
    }
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let limits = crate::plugin::Limits { workers: 1, queue: 2, ..limits() };
    let guest = Guest::calling(LOOP).bytes();
    let registry = Registry::builder().limits(limits).plugin("a", guest).try_build().await.unwrap();
    let timed = |error: &Error| error.fault().is_some_and(|fault| fault.kind == FaultKind::Timeout);
    let asks: Vec<_> = (0..8).map(|n| request(json!({ "n": n }))).collect();
    let answers = futures::future::join_all(asks.iter().map(|ask| registry.render(ask))).await;
    let busy = answers.iter().filter(|answer| **answer == Err(Error::Busy { waiting: 2 })).count();
    let timed_out = answers.iter().filter(|answer| answer.as_ref().err().is_some_and(timed)).count();
    assert_eq!(busy + timed_out, 8);
    // Two wait, and the worker may have taken up to one more from the queue meanwhile.
    assert!((2..=3).contains(&timed_out), "{timed_out} were taken");
}

#[tokio::test]
async fn handles_are_counted() {
    let text =
        Guest::calling("(loop $again (drop (call $new (i32.const 1))) (br $again)) (unreachable)").text();
    let text = text
        .replace("(memory (export", "(import \"own\" \"new\" (func $new (param i32) (result i32))) (memory (export")
        .replace(
            "(core instance $guest (instantiate $guest))",
            "(type $own (resource (rep i32))) (core func $new (canon resource.new $own))
             (core instance $guest (instantiate $guest (with \"own\" (instance (export \"new\" (func $new))))))",
        );
    let bytes = wat::parse_str(text).unwrap();
    let registry = Registry::builder().limits(limits()).plugin("a", bytes).try_build().await.unwrap();
    assert_eq!(brief(&render_error(&registry).await), (FaultKind::Limit, "handles"));
}

#[tokio::test]
async fn a_fault_says_who_where_and_how_long() {
    let registry = Guest::calling("(call $recurse (i32.const 0))").registry().await;
    let error = render_error(&registry).await;
    let fault = error.fault().unwrap();
    assert_eq!((fault.plugin.as_str(), fault.version.as_str(), fault.export), ("test", "0.1.0", "render"));
    assert_eq!(fault.digest, registry.plugins()[0].digest()[..12]);
    assert!(fault.elapsed > Duration::ZERO);
    assert_eq!(fault.frames.len(), 20);
    assert!(fault.frames.iter().all(|frame| frame == "recurse"), "{:?}", fault.frames);
}

#[tokio::test]
async fn nothing_of_a_guest_reaches_a_terminal() {
    let answer = "\u{1b}[2J\u{202e}\n\u{0}";
    let guest = Guest { answer: answer.into(), call: "(call $failure)", ..Guest::default() };
    let error = render_error(&guest.registry().await).await;
    let hidden = |c: char| c.is_control() || c == '\u{202e}';
    assert!(!format!("{error} {:?}", error.fault().unwrap().detail()).contains(hidden), "{error:?}");
}
