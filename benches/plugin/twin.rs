//! wasmtime and nothing else: the least that calls a component in a fresh instance.

use kubeorch_benches::measure::Failure;
use kubeorch_core::plugin::{RenderRequest, Rendered};
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker, TypedFunc,
};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

type Answered = (Result<Vec<u8>, Refused>,);

/// The error of the interface.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
#[allow(dead_code, reason = "read by its Debug alone")]
struct Refused {
    code: String,
    message: String,
}

/// A component, linked.
pub(crate) struct Twin {
    engine: Engine,
    pre: InstancePre<()>,
    render: ComponentExportIndex,
}

/// An instance that is kept.
pub(crate) struct Live {
    store: Store<()>,
    render: TypedFunc<(&'static [u8],), Answered>,
}

/// The settings of the sandbox, with room for so many instances.
pub(crate) fn engine(instances: u32) -> Result<Engine, Failure> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * 16)
        .total_memories(instances)
        .total_tables(instances * 8)
        .max_core_instances_per_component(16)
        .max_memories_per_component(1)
        .max_tables_per_component(8)
        .max_tables_per_module(8)
        .table_elements(20_000)
        .max_memory_size(64 << 20)
        .table_keep_resident(4096)
        .linear_memory_keep_resident(256 << 10)
        .pagemap_scan(Enabled::No);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(512 << 10)
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(Engine::new(&config)?)
}

impl Twin {
    pub(crate) fn new(bytes: &[u8], instances: u32) -> Result<Self, Failure> {
        let engine = engine(instances)?;
        let component = Component::from_binary(&engine, bytes)?;
        Self::linked(engine, &component)
    }

    pub(crate) fn linked(engine: Engine, component: &Component) -> Result<Self, Failure> {
        let (_, interface) =
            component.get_export(None, "kubeorch:node-types/node-types@0.1.0").ok_or("no interface")?;
        let render = component.get_export_index(Some(&interface), "render").ok_or("no render")?;
        let pre = Linker::new(&engine).instantiate_pre(component)?;
        Ok(Self { engine, pre, render })
    }

    pub(crate) fn live(&self) -> Result<Live, Failure> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.pre.instantiate(&mut store)?;
        let render = instance.get_typed_func(&mut store, self.render)?;
        Ok(Live { store, render })
    }

    /// From a request to an answer, in a fresh instance.
    pub(crate) fn render(&self, request: &RenderRequest) -> Result<Rendered, Failure> {
        let request = serde_json::to_vec(request)?;
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.pre.instantiate(&mut store)?;
        let render = instance.get_typed_func::<(&[u8],), Answered>(&mut store, self.render)?;
        let (answer,) = render.call(&mut store, (&request,))?;
        Ok(serde_json::from_slice(&answer.map_err(|refused| format!("{refused:?}"))?)?)
    }
}

impl Live {
    pub(crate) fn call(&mut self, request: &'static [u8]) -> Result<usize, Failure> {
        let (answer,) = self.render.call(&mut self.store, (request,))?;
        Ok(answer.map_err(|refused| format!("{refused:?}"))?.len())
    }
}
