//! A host as small as it can be: the contract read from the WIT files, and no limits.

use kubeorch_plugin_sdk::{
    Failure,
    analyzer::{ReadError, Source},
    testing::{Case, MemoryTree},
};
use wasmtime::{
    Config, Engine, Store,
    component::{Component, ComponentType, HasSelf, Lift, Linker, Resource, ResourceTable},
};

#[allow(missing_docs, unreachable_pub, clippy::pedantic, reason = "generated")]
mod generated {
    wasmtime::component::bindgen!({
        inline: "
            package kubeorch:testing;
            world host {
                import kubeorch:host/log@0.1.0;
                import kubeorch:import-analyzer/source@0.1.0;
            }
        ",
        path: ["../../sdk/wit/host", "../../sdk/wit/import-analyzer"],
        world: "kubeorch:testing/host",
        with: { "kubeorch:import-analyzer/source.tree": kubeorch_plugin_sdk::testing::MemoryTree },
    });
}

use generated::kubeorch::{host::log, import_analyzer::source};

/// A compiled component.
pub(crate) struct Guest {
    engine: Engine,
    component: Component,
    interface: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct Reason {
    code: String,
    message: String,
}

type Answer = (Result<Vec<u8>, Reason>,);

/// What a plugin sees of the host.
#[derive(Default)]
struct Host {
    table: ResourceTable,
}

impl Guest {
    pub(crate) fn new(component: &[u8], world: &str) -> Self {
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).unwrap();
        let component = Component::new(&engine, component).unwrap();
        let interface = if world == "import-analyzer" { "analyzer" } else { world };
        Self { engine, component, interface: format!("kubeorch:{world}/{interface}@0.1.0") }
    }

    /// Calls the function of a case in a fresh instance.
    pub(crate) fn ask(&self, case: &Case) -> Result<Vec<u8>, Failure> {
        let answer = self.call(case).unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
        answer.map_err(|reason| Failure::new(reason.code, reason.message))
    }

    fn call(&self, case: &Case) -> wasmtime::Result<Result<Vec<u8>, Reason>> {
        let mut linker = Linker::new(&self.engine);
        generated::Host_::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
        let mut store = Store::new(&self.engine, Host::default());
        let instance = linker.instantiate(&mut store, &self.component)?;

        let (function, bytes) = (case.call.as_str(), case.bytes());
        let interface = instance.get_export_index(&mut store, None, &self.interface);
        let index = instance.get_export_index(&mut store, interface.as_ref(), function);
        let index = index.unwrap_or_else(|| panic!("{} has no {function}", self.interface));
        let (answer,) = match function {
            "describe" | "list-types" | "list-steps" => {
                instance.get_typed_func::<(), Answer>(&mut store, index)?.call(&mut store, ())?
            }
            "detect" | "analyze" => {
                let tree = store.data_mut().table.push(case.tree().unwrap())?;
                let handle = Resource::<MemoryTree>::new_borrow(tree.rep());
                let function =
                    instance.get_typed_func::<(Resource<MemoryTree>, &[u8]), Answer>(&mut store, index)?;
                function.call(&mut store, (handle, &bytes))?
            }
            _ => {
                instance.get_typed_func::<(&[u8],), Answer>(&mut store, index)?.call(&mut store, (&bytes,))?
            }
        };
        Ok(answer)
    }
}

impl log::Host for Host {
    fn write(&mut self, _: log::Level, _: String) {}
}

impl source::Host for Host {}

impl source::HostTree for Host {
    fn entries(
        &mut self,
        tree: Resource<MemoryTree>,
        pattern: String,
        after: Option<String>,
    ) -> Result<source::Page, source::ReadError> {
        let tree = self.table.get(&tree).map_err(|_| source::ReadError::Failed)?;
        let page = Source::entries(tree, &pattern, after.as_deref()).map_err(read_error)?;
        let entries = page.entries.into_iter().map(|it| source::Entry { path: it.path, size: it.size });
        Ok(source::Page { entries: entries.collect(), next: page.next })
    }

    fn read(
        &mut self,
        tree: Resource<MemoryTree>,
        path: String,
        offset: u64,
        max: u32,
    ) -> Result<Vec<u8>, source::ReadError> {
        let tree = self.table.get(&tree).map_err(|_| source::ReadError::Failed)?;
        Source::read(tree, &path, offset, max).map_err(read_error)
    }

    fn drop(&mut self, _: Resource<MemoryTree>) -> wasmtime::Result<()> {
        Ok(())
    }
}

fn read_error(error: ReadError) -> source::ReadError {
    match error {
        ReadError::NotFound => source::ReadError::NotFound,
        ReadError::WrongKind => source::ReadError::WrongKind,
        ReadError::InvalidPath => source::ReadError::InvalidPath,
        ReadError::Exhausted => source::ReadError::Exhausted,
        ReadError::Failed => source::ReadError::Failed,
    }
}
