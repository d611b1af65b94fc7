//! A component as a stranger sends it: it loads or is refused, and what loads answers or fails, within its limits.
//!
//! Seed it with real ones: `cp target/*/build/kubeorch-plugins-*/out/*.wasm fuzz/corpus/plugin_load/`.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use futures::executor::block_on;
use kubeorch_core::plugin::{Error, FaultKind, Host, Limits, NodeInput, NodeTypes, Registry, RenderRequest};
use libfuzzer_sys::fuzz_target;

/// What every component begins with; most inputs would end at their first byte without it.
const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

static HOST: LazyLock<Host> = LazyLock::new(|| {
    let limits = Limits {
        memory: 4 << 20,
        deadline: Duration::from_millis(20),
        workers: 1,
        memo: 0,
        ..Limits::default()
    };
    Host::new(limits).expect("a sandbox")
});

fuzz_target!(|bytes: &[u8]| {
    let component = if bytes.starts_with(b"\0asm") { bytes.to_vec() } else { [HEADER, bytes].concat() };
    let plugin = match block_on(HOST.load("fuzz", component)) {
        Ok(plugin) => plugin,
        Err(Error::Invalid { .. }) => return,
        // Of the host it would be a panic in it.
        Err(Error::Fault(fault)) if fault.kind != FaultKind::Host => return,
        Err(error) => panic!("{error}"),
    };
    let kinds: Vec<String> = plugin.node_types().iter().map(|node_type| node_type.name.clone()).collect();
    let registry =
        block_on(Registry::builder().host(HOST.clone()).loaded(plugin).try_build()).expect("one plugin");
    for kind in kinds.into_iter().take(4) {
        let node = NodeInput { id: "node-1".into(), kind, data: serde_json::Map::new() };
        match block_on(registry.render(&RenderRequest { node, links: Vec::new() })) {
            Err(Error::Fault(fault)) if fault.kind == FaultKind::Host => panic!("{fault}"),
            _ => {}
        }
    }
});
