//! What a component asks of its host: nothing, or it is not loaded.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentInstance, ComponentItem};

/// How many are named; a component built for WASI imports dozens.
const NAMED: usize = 5;

/// Everything but types, by name: `wasi:cli/environment@0.2.3#get-environment`.
///
/// Types alone bring no ability: a world that `use`s a types interface imports an instance of them.
pub(super) fn forbidden(component: &Component, engine: &Engine) -> Vec<String> {
    let mut names = Vec::new();
    for (name, import) in component.component_type().imports(engine) {
        match import.ty {
            ComponentItem::Type(_) => {}
            ComponentItem::ComponentInstance(instance) => nested(name, &instance, engine, &mut names),
            _ => names.push(name.to_owned()),
        }
    }
    names
}

fn nested(path: &str, instance: &ComponentInstance, engine: &Engine, names: &mut Vec<String>) {
    for (name, export) in instance.exports(engine) {
        let path = format!("{path}#{name}");
        match export.ty {
            ComponentItem::Type(_) => {}
            ComponentItem::ComponentInstance(instance) => nested(&path, &instance, engine, names),
            _ => names.push(path),
        }
    }
}

/// The sentence for the person who tried to load it.
pub(super) fn complaint(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("it imports {shown}{more}, and a plugin may import nothing; build it for wasm32-unknown-unknown")
}
