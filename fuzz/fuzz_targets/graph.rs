//! A graph as a stranger sends it: whatever parses must pass through every step without a panic, and the steps
//! must agree with each other.
#![no_main]

use kubeorch_core::graph::{Graph, Limits, Links, Types, diff, order, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut graph) = serde_json::from_slice::<Graph>(bytes) else { return };
    let types = Types::default();
    let limits = Limits::default();
    graph.trim();
    let refused = validate(&graph, &types, &limits).iter().any(|finding| finding.is_error());

    let snapshot = graph.snapshot();
    assert_eq!(snapshot, snapshot.snapshot(), "a snapshot has nothing left to take out");
    assert_eq!(graph.content_hash(), snapshot.content_hash(), "state must not count");
    assert_eq!(graph.snapshot_hash(), snapshot.snapshot_hash(), "state must not count");
    if !refused {
        assert!(diff(&graph, &snapshot).is_empty(), "state must not differ");
    }
    assert!(diff(&graph, &graph).is_empty(), "nothing differs from itself");

    let references = std::collections::HashMap::new();
    let links = Links::resolve(&graph, &types, &references);
    let _ = order(&graph, &types, &links);
    graph.arrange();

    // What is stored is read again; the address must still be that of the content.
    let text = serde_json::to_vec(&snapshot).expect("a graph is always JSON");
    let again: Graph = serde_json::from_slice(&text).expect("what was written can be read");
    assert_eq!(again.snapshot_hash(), snapshot.snapshot_hash());
});
