//! One component, compiled and checked, and a single call into a fresh instance of it.

use wasmtime::component::{InstancePre, Linker};
use wasmtime::{Store, Trap};

use super::answer::excerpt;
use super::call::{Answered, Export, Exports, Failure};
use super::compile;
use super::host::Runtime;
use super::imports;
use super::meter::Meter;
use super::ticker;
use crate::plugin::Error;

/// Slack of the bytes that cross per call, beyond the output limit: the words round the list.
const ENVELOPE: usize = 1024;

/// What an error of the compilation names in place of an export.
const COMPILE: &str = "compile";

pub(super) struct Guest {
    name: String,
    exports: Exports,
    pre: InstancePre<Meter>,
}

impl Guest {
    /// Compiles a component and proves that it imports nothing and exports the interface. Blocks for the
    /// time of the compilation, or of reading its code from the cache.
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
        let engine = &runtime.engine;
        let component = runtime.code.component(engine, &runtime.limits, digest, bytes).map_err(
            |failure| match failure {
                compile::Failure::Invalid(reason) => invalid(reason),
                compile::Failure::Limit(limit) => {
                    Error::Limit { plugin: name.to_owned(), export: COMPILE, limit }
                }
                compile::Failure::Lost(reason) => {
                    Error::Failed { plugin: name.to_owned(), export: COMPILE, reason }
                }
            },
        )?;
        let forbidden = imports::forbidden(&component, engine);
        if !forbidden.is_empty() {
            return Err(invalid(imports::complaint(&forbidden)));
        }
        let exports = Exports::find(&component).map_err(invalid)?;
        let pre = Linker::new(engine).instantiate_pre(&component).map_err(|error| invalid(text(&error)))?;
        let guest = Self { name: name.to_owned(), exports, pre };
        guest.check_types(runtime).map_err(|error| match error {
            Error::Failed { reason, .. } => invalid(reason),
            other => other,
        })?;
        Ok(guest)
    }

    /// Errors name it by the id of its catalog from here on.
    pub(super) fn rename(&mut self, id: &str) {
        id.clone_into(&mut self.name);
    }

    /// The linker does not notice a function of another shape; its first call would.
    fn check_types(&self, runtime: &Runtime) -> Result<(), Error> {
        let mut store = store(runtime);
        let _running = runtime.ticker.running();
        let checked = self.pre.instantiate(&mut store).and_then(|instance| {
            for export in Export::ALL {
                let index = self.exports.index(export);
                let checked = if export == Export::ListTypes {
                    instance.get_typed_func::<(), Answered>(&mut store, index).map(drop)
                } else {
                    instance.get_typed_func::<(&[u8],), Answered>(&mut store, index).map(drop)
                };
                checked.map_err(|error| error.context(format!("{} has another type", export.name())))?;
            }
            Ok(())
        });
        checked.map_err(|error| self.classify(Export::ListTypes, &error, store.data()))
    }

    /// Calls into a fresh instance. Blocks, at most for the deadline.
    pub(super) fn call(&self, runtime: &Runtime, export: Export, request: &[u8]) -> Result<Vec<u8>, Error> {
        let (answer, _) = self.measure(runtime, export, request);
        answer?.map_err(|failure| self.failed(export, failure.reason()))
    }

    /// As [`call`](Self::call), with what the guest refused apart from what it failed at, and the most bytes of linear
    /// memory that it had.
    pub(super) fn measure(
        &self,
        runtime: &Runtime,
        export: Export,
        request: &[u8],
    ) -> (Result<Result<Vec<u8>, Failure>, Error>, usize) {
        if request.len() > runtime.limits.input {
            return (Err(self.limit(export, "input")), 0);
        }
        let mut store = store(runtime);
        let _running = runtime.ticker.running();
        let answered = self.run(&mut store, export, request);
        let answer = match answered {
            Ok((Ok(answer),)) if answer.len() > runtime.limits.output => Err(self.limit(export, "output")),
            Ok((answer,)) => Ok(answer),
            Err(error) => Err(self.classify(export, &error, store.data())),
        };
        (answer, store.data().peak())
    }

    /// Names at its outer layer: what it imports, what it exports.
    pub(super) fn interface(&self) -> (Vec<String>, Vec<String>) {
        let component = self.pre.component();
        let (engine, outer) = (component.engine(), component.component_type());
        let imports = outer.imports(engine).map(|(name, _)| name.to_owned()).collect();
        (imports, outer.exports(engine).map(|(name, _)| name.to_owned()).collect())
    }

    fn run(&self, store: &mut Store<Meter>, export: Export, request: &[u8]) -> wasmtime::Result<Answered> {
        let instance = self.pre.instantiate(&mut *store)?;
        let index = self.exports.index(export);
        if export == Export::ListTypes {
            instance.get_typed_func::<(), Answered>(&mut *store, index)?.call(store, ())
        } else {
            instance.get_typed_func::<(&[u8],), Answered>(&mut *store, index)?.call(store, (request,))
        }
    }

    pub(super) fn failed(&self, export: Export, reason: String) -> Error {
        Error::Failed { plugin: self.name.clone(), export: export.name(), reason }
    }

    fn limit(&self, export: Export, limit: &'static str) -> Error {
        Error::Limit { plugin: self.name.clone(), export: export.name(), limit }
    }

    /// What stopped a guest: a limit, or a fault of its own.
    fn classify(&self, export: Export, error: &wasmtime::Error, meter: &Meter) -> Error {
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => return self.limit(export, "time"),
            Some(Trap::StackOverflow) => return self.limit(export, "stack"),
            _ => {}
        }
        if let Some(limit) = meter.refused() {
            return self.limit(export, limit);
        }
        if copied_too_much(error) {
            return self.limit(export, "output");
        }
        match error.downcast_ref::<Trap>() {
            Some(trap) => self.failed(export, trap.to_string()),
            None => self.failed(export, text(error)),
        }
    }
}

fn store(runtime: &Runtime) -> Store<Meter> {
    let mut store = Store::new(&runtime.engine, Meter::new(&runtime.limits));
    store.limiter(|meter| meter);
    ticker::deadline(&mut store, runtime.limits.deadline);
    store.set_hostcall_fuel(runtime.limits.output.saturating_add(ENVELOPE));
    store
}

/// wasmtime's type for it is private, so its text is all there is; a test provokes it.
fn copied_too_much(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls has been exhausted"))
}

fn text(error: &wasmtime::Error) -> String {
    excerpt(&format!("{error:#}"))
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
