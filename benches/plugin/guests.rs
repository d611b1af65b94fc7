//! The components that are measured.

use std::fmt::Write as _;

use kubeorch_benches::measure::Failure;
use kubeorch_core::plugin::RenderRequest;
use serde_json::json;

/// The plugin of the core node types, as it comes with the program.
pub(crate) fn core() -> &'static [u8] {
    kubeorch_plugins::all().first().map_or(&[], |plugin| plugin.component)
}

/// 0.9 KB that become two objects, a Service and a `StatefulSet`.
pub(crate) fn request() -> Result<RenderRequest, Failure> {
    let text = include_str!("../../plugins/kubernetes/tests/golden/render/statefulset_maximal.input.json");
    Ok(serde_json::from_str(text)?)
}

/// A request to a plugin of [`written`].
pub(crate) fn thing(number: usize) -> RenderRequest {
    let data = json!({ "number": number }).as_object().cloned().unwrap_or_default();
    let node = kubeorch_core::plugin::NodeInput { id: "node-1".into(), kind: "thing".into(), data };
    RenderRequest { node, links: Vec::new() }
}

/// A plugin written by hand, which does `call` whatever it is asked, with 83 KB of code that nobody calls: the
/// size of a Rust plugin of one node type.
pub(crate) fn written(id: &str, call: &str) -> Result<Vec<u8>, Failure> {
    let catalog = json!({
        "plugin": { "id": id, "name": id, "version": "0.1.0" },
        "nodeTypes": [{
            "name": if id == "test" { "thing" } else { id }, "rank": 10,
            "kinds": [{ "apiVersion": "v1", "kind": "ConfigMap", "namespaced": true }],
            "parameters": { "type": "object" },
        }],
    });
    let escape = |text: &str| text.replace('"', "\\\"");
    let catalog = catalog.to_string();
    let text = include_str!("../../kubeorch-core/src/plugin/wasm/tests/plugin.wat")
        .replace("@CALL@", call)
        .replace("@PAGES@", "1")
        .replace("@ANSWER@", "{}")
        .replace("@ANSWER_SIZE@", "2")
        .replace("@CATALOG@", &escape(&catalog))
        .replace("@CATALOG_SIZE@", &catalog.len().to_string())
        .replace("@INTERFACE@", "kubeorch:node-types/node-types@0.1.0")
        .replace("@STATUS@", "status")
        .replacen("(func $recurse", &format!("{} (func $recurse", ballast(330)), 1);
    Ok(wat::parse_str(text)?)
}

/// Answers `{}`.
pub(crate) const ANSWER: &str = "(call $answer (local.get 0) (local.get 1))";
pub(crate) const LOOP: &str = "(loop $again (br $again)) (unreachable)";
pub(crate) const TRAP: &str = "(unreachable)";
pub(crate) const HOG: &str = "(loop $again
    (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)";

/// Functions of 250 bytes.
fn ballast(functions: usize) -> String {
    (0..functions).fold(String::new(), |mut text, number| {
        // Writing to a string cannot fail.
        let _ = write!(text, "(func (param i32) (result i32) (local.get 0) ");
        for step in 0..40 {
            let _ = write!(text, "(i32.const {}) (i32.add) (i32.load) ", (number + step) % 60);
        }
        text.push_str(")\n");
        text
    })
}
