//! Components written as text, good ones and hostile ones.

mod analyzer;
mod archive;
mod cache;
mod check;
mod compile;
mod faults;
mod fix;
mod hostile;
mod load;
mod log;
mod memo;
mod quarantine;
mod registry;
mod sandbox;
mod step;
mod swap;
mod world;
mod worlds;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Limits, Registry};
use crate::plugin::{Error, FaultKind, NodeInput, RenderRequest, World};

/// Ends well; what it answers is [`Guest::answer`].
const ANSWER: &str = "(call $answer (local.get 0) (local.get 1))";

/// What `plugin.wat` is filled in with.
struct Guest {
    catalog: Value,
    answer: String,
    /// The body of every function but `list-types`.
    call: &'static str,
    pages: u32,
    interface: &'static str,
    status: &'static str,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            catalog: catalog("test", &["thing"]),
            answer: "{}".into(),
            call: ANSWER,
            pages: 1,
            interface: World::NodeTypes.interface(),
            status: "status",
        }
    }
}

impl Guest {
    fn answering(answer: impl Into<String>) -> Self {
        Self { answer: answer.into(), ..Self::default() }
    }

    fn calling(call: &'static str) -> Self {
        Self { call, ..Self::default() }
    }

    fn with_catalog(catalog: Value) -> Self {
        Self { catalog, ..Self::default() }
    }

    fn text(&self) -> String {
        let catalog = self.catalog.to_string();
        let escape = |text: &str| text.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>();
        include_str!("plugin.wat")
            .replace("@CALL@", self.call)
            .replace("@PAGES@", &self.pages.to_string())
            .replace("@ANSWER@", &escape(&self.answer))
            .replace("@ANSWER_SIZE@", &self.answer.len().to_string())
            .replace("@CATALOG@", &escape(&catalog))
            .replace("@CATALOG_SIZE@", &catalog.len().to_string())
            .replace("@INTERFACE@", self.interface)
            .replace("@STATUS@", self.status)
    }

    fn bytes(&self) -> Arc<[u8]> {
        wat::parse_str(self.text()).unwrap().into()
    }

    async fn registry(&self) -> Registry {
        Registry::builder().limits(limits()).plugin("test.wasm", self.bytes()).try_build().await.unwrap()
    }
}

/// What tells faults apart.
fn brief(error: &Error) -> (FaultKind, &str) {
    let fault = error.fault().unwrap_or_else(|| panic!("no fault: {error:?}"));
    (fault.kind, &fault.reason)
}

fn catalog(id: &str, types: &[&str]) -> Value {
    let types: Vec<Value> = types
        .iter()
        .map(|name| {
            json!({
                "name": name,
                "rank": 10,
                "kinds": [{"apiVersion": "v1", "kind": "ConfigMap", "namespaced": true}],
                "links": [{"role": "feeds", "peers": ["somebody-elses", "trait:workload"]}],
                "parameters": {"type": "object", "properties": {"name": {"type": "string"}}},
            })
        })
        .collect();
    json!({"plugin": {"id": id, "name": id, "version": "0.1.0"}, "nodeTypes": types})
}

/// Small, so that a test which passes one is quick.
fn limits() -> Limits {
    Limits {
        memory: 4 << 20,
        input: 64 << 10,
        output: 64 << 10,
        deadline: Duration::from_millis(100),
        workers: 2,
        ..Limits::default()
    }
}

fn node(data: Value) -> NodeInput {
    let Value::Object(data) = data else { unreachable!("tests give objects") };
    NodeInput { id: "node-1".into(), kind: "thing".into(), data }
}

fn request(data: Value) -> RenderRequest {
    RenderRequest { node: node(data), links: Vec::new() }
}
