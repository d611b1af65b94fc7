//! One component, compiled and checked, and calls into instances of it.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre, Resource};

use super::call::{Answered, Export, Exports, Failure, Shape};
use super::compile;
use super::faults::{Identity, limit_kind, text};
use super::host::Runtime;
use super::imports::Grants;
use super::state::State;
use super::ticker;
use super::tree::{self, Reader, Tree};
use crate::plugin::source::SourceTree;
use crate::plugin::{Error, FaultKind, Manifest, PluginInfo, World};

/// Slack of the bytes that cross per call, beyond the output limit: the words round the list.
const ENVELOPE: usize = 1024;

pub(super) struct Guest {
    identity: Identity,
    manifest: Option<Manifest>,
    exports: Exports,
    pre: InstancePre<State>,
}

/// An instance that takes one call, or the calls of one import.
pub(super) struct Session {
    store: Store<State>,
    instance: Instance,
    used: bool,
}

impl Guest {
    /// Compiles a component and proves that it is of one world, exports its functions with their types, and imports
    /// nothing that it may not. Blocks for the time of the compilation, or of reading its code from the cache.
    pub(super) fn compile(
        runtime: &Runtime,
        name: &str,
        bytes: &[u8],
        digest: &[u8; 32],
    ) -> Result<Self, Error> {
        let invalid = |reason: String| Error::Invalid { plugin: name.to_owned(), reason };
        let most = runtime.limits.component;
        if bytes.len() > most {
            return Err(invalid(format!("it has {} bytes, at most {most} are allowed", bytes.len())));
        }
        what_it_is(bytes).map_err(|reason| invalid(reason.to_owned()))?;
        let component = translate(runtime, name, bytes, digest)?;
        let exports = Exports::find(&component).map_err(invalid)?;
        let manifest = manifest(bytes, exports.world()).map_err(invalid)?;
        let linker = Grants::of(exports.world(), manifest.as_ref()).link(&component).map_err(invalid)?;
        let pre = linker.instantiate_pre(&component).map_err(|error| invalid(text(&error)))?;
        let guest = Self { identity: Identity::of_file(name), manifest, exports, pre };
        guest.check_types(runtime).map_err(|error| match error {
            Error::Fault(fault) if !fault.is_limit() => invalid(fault.reason),
            other => other,
        })?;
        Ok(guest)
    }

    /// Errors name it by its catalog from here on.
    pub(super) fn identify(&mut self, info: &PluginInfo, digest: &str) {
        self.identity = Identity::of_plugin(info, digest);
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn world(&self) -> World {
        self.exports.world()
    }

    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The linker does not notice a function of another shape; its first call would.
    fn check_types(&self, runtime: &Runtime) -> Result<(), Error> {
        let describe = Export::describe(self.world());
        let mut session = self.open(runtime, describe, None)?;
        for export in Export::of(self.world()) {
            self.check_type(&mut session, *export).map_err(|error| {
                let error = error.context(format!("{} has another type", export.name()));
                self.identity.error(describe, FaultKind::Contract, text(&error))
            })?;
        }
        Ok(())
    }

    fn check_type(&self, session: &mut Session, export: Export) -> wasmtime::Result<()> {
        let (instance, store, index) = (session.instance, &mut session.store, self.exports.index(export));
        let index = index.ok_or_else(|| wasmtime::Error::msg("it is of another world"))?;
        match export.shape() {
            Shape::Describe => instance.get_typed_func::<(), Answered>(store, index).map(drop),
            Shape::Request => instance.get_typed_func::<(&[u8],), Answered>(store, index).map(drop),
            Shape::Tree => {
                instance.get_typed_func::<(Resource<Tree>, &[u8]), Answered>(store, index).map(drop)
            }
        }
    }

    /// Calls into a fresh instance. Blocks, at most for the deadline.
    pub(super) fn call(&self, runtime: &Runtime, export: Export, request: &[u8]) -> Result<Vec<u8>, Error> {
        let mut session = self.open(runtime, export, None)?;
        self.ask(runtime, &mut session, export, request)
    }

    /// As [`call`](Self::call), with what the guest refused apart from what it failed at, and the most bytes of linear
    /// memory that it had.
    pub(super) fn measure(
        &self,
        runtime: &Runtime,
        export: Export,
        request: &[u8],
        tree: Option<Arc<dyn SourceTree>>,
    ) -> (Result<Result<Vec<u8>, Failure>, Error>, usize) {
        let opened =
            self.check_input(runtime, export, request).and_then(|()| self.open(runtime, export, tree));
        match opened {
            Ok(mut session) => {
                let answer = self.answer(runtime, &mut session, export, request);
                (answer, session.store.data().meter.peak())
            }
            Err(error) => (Err(error), 0),
        }
    }

    /// Names at its outer layer: what it imports, what it exports.
    pub(super) fn interface(&self) -> (Vec<String>, Vec<String>) {
        let component = self.pre.component();
        let (engine, outer) = (component.engine(), component.component_type());
        let imports = outer.imports(engine).map(|(name, _)| name.to_owned()).collect();
        (imports, outer.exports(engine).map(|(name, _)| name.to_owned()).collect())
    }

    /// A fresh instance whose first call will be `export`. Blocks, at most for the deadline of that.
    pub(super) fn open(
        &self,
        runtime: &Runtime,
        export: Export,
        tree: Option<Arc<dyn SourceTree>>,
    ) -> Result<Session, Error> {
        let budget = runtime.limits.budget(self.world(), export);
        let state = State::new(&self.identity.plugin, &budget, runtime.limits.table_elements);
        let mut store = Store::new(&runtime.engine, state);
        store.data_mut().reader = tree.map(|tree| Reader::new(tree, runtime.limits.tree));
        store.limiter(|state| &mut state.meter);
        store.set_hostcall_fuel(budget.output.saturating_add(ENVELOPE));
        store.set_max_component_handles(budget.handles);
        ticker::deadline(&mut store, budget.deadline);
        let _running = runtime.ticker.running();
        match self.pre.instantiate(&mut store) {
            Ok(instance) => Ok(Session { store, instance, used: false }),
            // What does not trap now did not when it was loaded: the system lacks something.
            Err(error) => Err(self.identity.stopped(export, &error, store.data(), FaultKind::Host)),
        }
    }

    /// Calls into an instance. After an error it must not be called again.
    pub(super) fn ask(
        &self,
        runtime: &Runtime,
        session: &mut Session,
        export: Export,
        request: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.answer(runtime, session, export, request)?
            .map_err(|failure| self.identity.error(export, FaultKind::Rejected, failure.reason()))
    }

    fn answer(
        &self,
        runtime: &Runtime,
        session: &mut Session,
        export: Export,
        request: &[u8],
    ) -> Result<Result<Vec<u8>, Failure>, Error> {
        let budget = runtime.limits.budget(self.world(), export);
        if std::mem::replace(&mut session.used, true) {
            session.store.data_mut().next_call(&budget);
            ticker::deadline(&mut session.store, budget.deadline);
        }
        let _running = runtime.ticker.running();
        let (answer,) = self.run(session, export, request).map_err(|error| {
            self.identity.stopped(export, &error, session.store.data(), FaultKind::Contract)
        })?;
        match answer {
            Ok(answer) if answer.len() > budget.output => {
                Err(self.identity.error(export, FaultKind::Limit, "output"))
            }
            answer => Ok(answer),
        }
    }

    fn run(&self, session: &mut Session, export: Export, request: &[u8]) -> wasmtime::Result<Answered> {
        let (instance, store, index) = (session.instance, &mut session.store, self.exports.index(export));
        let index = index.ok_or_else(|| wasmtime::Error::msg("it is of another world"))?;
        match export.shape() {
            Shape::Describe => instance.get_typed_func::<(), Answered>(&mut *store, index)?.call(store, ()),
            Shape::Request => {
                instance.get_typed_func::<(&[u8],), Answered>(&mut *store, index)?.call(store, (request,))
            }
            Shape::Tree => {
                let call =
                    instance.get_typed_func::<(Resource<Tree>, &[u8]), Answered>(&mut *store, index)?;
                call.call(store, (tree::lend(), request))
            }
        }
    }

    /// Too long a request is the caller's doing, and never reaches the guest.
    pub(super) fn check_input(&self, runtime: &Runtime, export: Export, request: &[u8]) -> Result<(), Error> {
        if request.len() > runtime.limits.budget(self.world(), export).input {
            return Err(self.identity.error(export, FaultKind::Limit, "input"));
        }
        Ok(())
    }
}

/// From a component's bytes to its code. The only place that compiles.
fn translate(runtime: &Runtime, name: &str, bytes: &[u8], digest: &[u8; 32]) -> Result<Component, Error> {
    let file = Identity::of_file(name);
    runtime.code.component(&runtime.engine, &runtime.limits, digest, bytes).map_err(|failure| match failure {
        compile::Failure::Invalid(reason) => Error::Invalid { plugin: name.to_owned(), reason },
        compile::Failure::Limit(limit) => file.uncompiled(limit_kind(limit), limit).into(),
        compile::Failure::Lost(reason) => file.uncompiled(FaultKind::Host, reason).into(),
    })
}

/// The manifest, which must be one for a component of that world.
fn manifest(bytes: &[u8], world: World) -> Result<Option<Manifest>, String> {
    let manifest = Manifest::of(bytes).map_err(|findings| {
        let wrong = |finding: &crate::error::Finding| match finding.field.as_str() {
            "" => finding.message.clone(),
            field => format!("{field}: {}", finding.message),
        };
        let wrong: Vec<String> = findings.iter().map(wrong).collect();
        format!("its manifest is wrong: {}", crate::plugin::catalog::complaint(&wrong))
    })?;
    match &manifest {
        Some(manifest) if !manifest.worlds.contains_key(world.package()) => {
            Err(format!("it exports {}, which its manifest does not name", world.interface()))
        }
        _ => Ok(manifest),
    }
}

/// Tells the common mistakes apart before the parser does in its own words.
fn what_it_is(bytes: &[u8]) -> Result<(), &'static str> {
    match bytes {
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            Err("it is a core module, not a component: link it with wasm-component-ld")
        }
        [0, b'a', b's', b'm', ..] => Ok(()),
        [] => Err("it is empty"),
        _ => Err("it is not WebAssembly"),
    }
}
