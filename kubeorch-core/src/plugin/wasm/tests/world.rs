//! Components of the published worlds: a module in text, the contract from the WIT files that authors build against.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::limits;
use crate::plugin::wasm::call::{Export, Shape};
use crate::plugin::wasm::{Host, Plugin, Registry};
use crate::plugin::{Error, World, manifest};

const LOG: &str = r#"(import "kubeorch:host/log@0.1.0" "write" (func $write (param i32 i32 i32)))"#;

const TREE: &str = r#"
  (import "kubeorch:import-analyzer/source@0.1.0" "[method]tree.entries"
    (func $entries_ (param i32 i32 i32 i32 i32 i32 i32)))
  (import "kubeorch:import-analyzer/source@0.1.0" "[method]tree.read"
    (func $read_ (param i32 i32 i32 i64 i32 i32)))
  (import "kubeorch:import-analyzer/source@0.1.0" "[resource-drop]tree" (func $drop (param i32)))"#;

/// `$log` writes the text. `$read` and `$entries` leave a result at 512: an error's number, or pointer and length.
const TREE_HELPERS: &str = "
  (func $read (param $tree i32) (result i32)
    (call $read_ (local.get $tree) (i32.const 0x100) (i32.const @TEXT_SIZE@) (i64.const 0) (i32.const 4096) (i32.const 512))
    (i32.load8_u (i32.const 512)))
  (func $entries (param $tree i32) (result i32)
    (call $entries_ (local.get $tree) (i32.const 0x100) (i32.const @TEXT_SIZE@) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 512))
    (i32.load8_u (i32.const 512)))";

const LOG_HELPERS: &str = "
  (func $log (call $write (i32.const 1) (i32.const 0x100) (i32.const @TEXT_SIZE@)))";

/// What `world.wat` is filled in with.
pub(super) struct Part {
    pub(super) worlds: Vec<World>,
    pub(super) catalog: Value,
    pub(super) answer: String,
    /// The body of every function but the describing one; it ends in a pointer to a result.
    pub(super) call: String,
    /// A message to log, a path or pattern to read.
    pub(super) text: String,
    pub(super) manifest: Option<Value>,
}

impl Part {
    pub(super) fn of(world: World) -> Self {
        let plugin = json!({"id": "part", "name": "Part", "version": "1.0.0"});
        let catalog = match world {
            World::NodeTypes => json!({"plugin": plugin, "nodeTypes": []}),
            World::Step => json!({"plugin": plugin, "steps": [{
                "name": "part-step",
                "parameters": {"type": "object"},
                "outputs": [{"name": "out", "type": "integer"}],
                "exec": ["done", "other"],
                "effects": ["http"],
            }]}),
            World::ImportAnalyzer => json!({"plugin": plugin, "files": ["**/*.json"]}),
            World::FixTemplate => json!({"plugin": plugin, "findings": [
                {"code": "part.broken", "title": "Broken", "severity": "error"},
            ], "wants": ["live"]}),
        };
        let (answer, call, text) = ("{}".into(), "(call $answer)".into(), "text".into());
        Self { worlds: vec![world], catalog, answer, call, text, manifest: None }
    }

    pub(super) fn bytes(&self) -> Arc<[u8]> {
        let mut module = wat::parse_str(self.text()).unwrap();
        let mut resolve = Resolve::default();
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/wit");
        for package in ["host", "node-types", "step", "import-analyzer", "fix-template"] {
            resolve.push_path(wit.join(package)).unwrap();
        }
        let items: Vec<String> =
            self.worlds.iter().map(|world| format!("include {}/plugin@0.1.0;", world.package())).collect();
        let own = format!("package test:test; world both {{ {} }}", items.concat());
        let own = resolve.push_str("test.wit", &own).unwrap();
        let world = resolve.select_world(&[own], Some("both")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let mut component = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
        if let Some(manifest) = &self.manifest {
            section(&mut component, manifest::SECTION, manifest.to_string().as_bytes());
        }
        component.into()
    }

    fn text(&self) -> String {
        let (catalog, escape) = (self.catalog.to_string(), |text: &str| {
            text.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>()
        });
        let imports = self.worlds.iter().map(|world| match world {
            World::NodeTypes => (String::new(), String::new()),
            World::ImportAnalyzer => (format!("{LOG}{TREE}"), format!("{LOG_HELPERS}{TREE_HELPERS}")),
            World::Step | World::FixTemplate => (LOG.to_owned(), LOG_HELPERS.to_owned()),
        });
        // One of them has all that the others have.
        let (imports, helpers) = imports.max_by_key(|(imports, _)| imports.len()).unwrap();
        let exports: Vec<String> = self.worlds.iter().map(|world| self.exports(*world)).collect();
        include_str!("world.wat")
            .replace("@IMPORTS@", &imports)
            .replace("@HELPERS@", &helpers)
            .replace("@EXPORTS@", &exports.concat())
            .replace("@TEXT@", &escape(&self.text))
            .replace("@TEXT_SIZE@", &self.text.len().to_string())
            .replace("@ANSWER@", &escape(&self.answer))
            .replace("@ANSWER_SIZE@", &self.answer.len().to_string())
            .replace("@CATALOG@", &escape(&catalog))
            .replace("@CATALOG_SIZE@", &catalog.len().to_string())
    }

    fn exports(&self, world: World) -> String {
        let function = |export: &Export| {
            let name = format!("(export \"{}#{}\")", world.interface(), export.name());
            let call = &self.call;
            match export.shape() {
                Shape::Describe => format!(
                    "(func {name} (result i32) (call $ok (i32.const 0x6000) (i32.const @CATALOG_SIZE@)))\n"
                ),
                Shape::Request => format!("(func {name} (param i32 i32) (result i32) {call})\n"),
                Shape::Tree => format!(
                    "(func {name} (param $tree i32) (param i32 i32) (result i32) (local $result i32)
                       (local.set $result (block (result i32) {call}))
                       (call $drop (local.get $tree)) (local.get $result))\n"
                ),
            }
        };
        Export::of(world).iter().map(function).collect()
    }

    pub(super) async fn load(&self) -> Result<Plugin, Error> {
        Host::new(limits()).unwrap().load("part.wasm", self.bytes()).await
    }

    pub(super) async fn registry(&self) -> Registry {
        let registry = Registry::default();
        registry.put(self.load().await.unwrap()).unwrap();
        registry
    }
}

/// Appends a custom section.
fn section(component: &mut Vec<u8>, name: &str, content: &[u8]) {
    let leb = |mut number: usize| {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(number & 0x7f).unwrap();
            number >>= 7;
            bytes.push(if number == 0 { low } else { low | 0x80 });
            if number == 0 {
                return bytes;
            }
        }
    };
    let body = [leb(name.len()), name.as_bytes().to_vec(), content.to_vec()].concat();
    component.push(0);
    component.extend(leb(body.len()));
    component.extend(body);
}
