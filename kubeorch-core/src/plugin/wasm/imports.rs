//! What a component asks of its host: what its world allows and its manifest asks for, or it is not loaded.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker};

use super::state::State;
use super::{log, tree};
use crate::plugin::{Manifest, World};

/// How many are named; a component built for WASI imports dozens.
const NAMED: usize = 5;

/// An interface that this host offers.
struct Offer {
    interface: &'static str,
    /// Functions, resources and types in it.
    names: &'static [&'static str],
    /// What a manifest asks for.
    capability: &'static str,
    define: fn(&mut Linker<State>) -> wasmtime::Result<()>,
}

const LOG: Offer =
    Offer { interface: log::INTERFACE, names: &log::NAMES, capability: "log", define: log::define };
const TREE: Offer =
    Offer { interface: tree::INTERFACE, names: &tree::NAMES, capability: "tree", define: tree::define };

/// What one component may import.
pub(super) struct Grants {
    world: World,
    given: Vec<&'static Offer>,
    /// Allowed by the world, and not asked for in the manifest.
    withheld: Vec<&'static Offer>,
}

impl Grants {
    /// Without a manifest all that the world allows.
    pub(super) fn of(world: World, manifest: Option<&Manifest>) -> Self {
        let allowed: &[&Offer] = match world {
            World::NodeTypes => &[],
            World::Step | World::FixTemplate => &[&LOG],
            World::ImportAnalyzer => &[&LOG, &TREE],
        };
        let asked = |offer: &&'static Offer| {
            manifest
                .is_none_or(|manifest| manifest.capabilities.iter().any(|asked| asked == offer.capability))
        };
        let (given, withheld) = allowed.iter().copied().partition(asked);
        Self { world, given, withheld }
    }

    /// A linker with what is given; refuses with one sentence what is imported beyond it.
    pub(super) fn link(&self, component: &Component) -> Result<Linker<State>, String> {
        let engine = component.engine();
        let forbidden = self.forbidden(component, engine);
        if !forbidden.is_empty() {
            return Err(self.complaint(&forbidden));
        }
        let mut linker = Linker::new(engine);
        for offer in &self.given {
            (offer.define)(&mut linker).map_err(|error| format!("{error:#}"))?;
        }
        Ok(linker)
    }

    /// Everything but what is given and bare types, by name: `wasi:cli/environment@0.2.3#get-environment`.
    ///
    /// Types alone bring no ability: a world that `use`s a types interface imports an instance of them.
    fn forbidden(&self, component: &Component, engine: &Engine) -> Vec<String> {
        let mut names = Vec::new();
        for (name, import) in component.component_type().imports(engine) {
            match import.ty {
                ComponentItem::Type(_) => {}
                ComponentItem::ComponentInstance(instance) => {
                    let given = self.given.iter().find(|offer| same_interface(name, offer.interface));
                    let known = given.map_or(&[][..], |offer| offer.names);
                    nested(name, &instance, engine, known, &mut names);
                }
                _ => names.push(name.to_owned()),
            }
        }
        names
    }

    /// The sentence for the person who tried to load it.
    fn complaint(&self, names: &[String]) -> String {
        let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let of = |offer: &&&Offer| {
            let interface = |name: &String| name.split('#').next().unwrap_or_default().to_owned();
            names.iter().all(|name| same_interface(&interface(name), offer.interface))
        };
        let why = match (self.withheld.iter().find(of), self.world) {
            (Some(offer), _) => format!("and its manifest does not ask for {}", offer.capability),
            (None, World::NodeTypes) => {
                "and a plugin may import nothing; build it for wasm32-unknown-unknown".to_owned()
            }
            (None, world) => {
                let given: Vec<&str> = self.given.iter().map(|offer| offer.interface).collect();
                let given = if given.is_empty() { "nothing".to_owned() } else { given.join(" and ") };
                format!("and this {world} plugin may import {given}; build it for wasm32-unknown-unknown")
            }
        };
        format!("it imports {shown}{more}, {why}")
    }
}

/// Whether a name is an interface or one of its patch releases, which the linker takes for the same.
fn same_interface(name: &str, interface: &str) -> bool {
    let Some((line, _)) = interface.rsplit_once('.') else { return false };
    let patch = name.strip_prefix(line).and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()))
}

fn nested(
    path: &str,
    instance: &ComponentInstance,
    engine: &Engine,
    known: &[&str],
    names: &mut Vec<String>,
) {
    for (name, export) in instance.exports(engine) {
        let path = format!("{path}#{name}");
        match export.ty {
            ComponentItem::Type(_) => {}
            _ if known.contains(&name) => {}
            ComponentItem::ComponentInstance(instance) => nested(&path, &instance, engine, &[], names),
            _ => names.push(path),
        }
    }
}
