//! What guests log.

use super::world::Part;
use super::{brief, limits};
use crate::plugin::step::Request;
use crate::plugin::wasm::{Budget, Host, Limits, Registry};
use crate::plugin::{Error, FaultKind, Steps, World};

/// Logs a text so often, then traps.
async fn log(text: &str, times: u32, limits: Limits) -> Error {
    let call = format!(
        "(local $left i32) (local.set $left (i32.const {times}))
         (loop $again (call $log) (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
         (unreachable)"
    );
    let part = Part { call, text: text.into(), ..Part::of(World::Step) };
    let plugin = Host::new(limits).unwrap().load("part.wasm", part.bytes()).await.unwrap();
    let registry = Registry::default();
    registry.put(plugin).unwrap();
    let ask = Request { step: "part-step".into(), ..Request::default() };
    registry.run(&ask).await.unwrap_err()
}

#[tokio::test]
async fn a_fault_repeats_the_last_lines() {
    let long = "x".repeat(2500);
    for (text, times, lines, last) in [
        ("panicked at 'a'\n\u{1b}[31m", 1, 1, "panicked at 'a'\\n\\u{1b}[31m".to_owned()),
        ("line", 16, 16, "line".into()),
        ("line", 64, 16, "line".into()),
        // More lines than a call may have, and more bytes.
        ("line", 70, 17, "and 6 more lines".into()),
        (&long, 9, 9, "and 1 more lines".into()),
        ("", 1, 1, String::new()),
    ] {
        let error = log(text, times, limits()).await;
        let fault = error.fault().unwrap();
        assert_eq!(fault.kind, FaultKind::Panic);
        assert_eq!((fault.log.len(), fault.log.last()), (lines, Some(&last)), "{text:.20}");
        assert!(fault.log.iter().all(|line| line.len() <= 310));
    }
}

#[tokio::test]
async fn calls_to_the_host_are_counted() {
    let limits = Limits { step: Budget { host_calls: 99, ..limits().step }, ..limits() };
    assert_eq!(brief(&log("x", 99, limits.clone()).await).0, FaultKind::Panic);
    assert_eq!(brief(&log("x", 100, limits).await), (FaultKind::Limit, "host calls"));
}
