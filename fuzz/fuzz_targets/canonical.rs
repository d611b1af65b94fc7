//! The canonical text is JSON, is its own canonical text, and names the same content.
#![no_main]

use kubeorch_core::graph::Hash;
use kubeorch_core::graph::canonical;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let text = canonical::to_string(&value);
    let again: Value = serde_json::from_str(&text).expect("the canonical text is JSON");
    assert_eq!(canonical::to_string(&again), text);
    assert_eq!(Hash::of(&again), Hash::of(&value));
});
