//! The wasmtime engine: which WebAssembly it takes, and where guests' memory comes from.

use serde::{Deserialize, Serialize};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::Limits;
use crate::plugin::Error;

/// Core instances, tables and memories that one component may have. A component made from one Rust module
/// has one memory and one table; encoders add small helper modules with a table but without memory.
pub(super) const INSTANCES: u32 = 16;
pub(super) const TABLES: u32 = 8;
pub(super) const MEMORIES: u32 = 1;

/// Bytes of a table that are zeroed in place after a call, 512 elements; plugins of Rust have about 300.
const TABLE_RESIDENT: usize = 4096;

/// Bytes of linear memory, from its beginning, that are written back in place after a call; the rest is given back to
/// the system. Enough for stack, data and the first heap of a plugin that the SDK builds: clearing that takes 5 us, and
/// the next call meets no page fault, of which it would have 30.
const MEMORY_RESIDENT: usize = 256 * 1024;

/// Slots per worker: a slot stays prepared for the module that used it last, so that workers which
/// alternate between a few plugins need not prepare it anew.
const SLOTS_PER_WORKER: u32 = 4;

/// Where instances live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Allocation {
    /// In address space reserved once: the fast way.
    Pool,
    /// Mapped for every call: for systems that do not lend out that much address space.
    OnDemand,
}

/// An engine with pooled instances, or without where the pool's address space is refused.
pub(super) fn start(limits: &Limits) -> Result<(Engine, Allocation), Error> {
    match build(limits, Allocation::Pool) {
        Ok(engine) => Ok((engine, Allocation::Pool)),
        Err(refused) => {
            let engine =
                build(limits, Allocation::OnDemand).map_err(|error| Error::Host(format!("{error:#}")))?;
            tracing::warn!(
                reason = format!("{refused:#}"),
                "no address space for pooled plugin instances; every call maps its own, which is slower"
            );
            Ok((engine, Allocation::OnDemand))
        }
    }
}

pub(super) fn build(limits: &Limits, allocation: Allocation) -> wasmtime::Result<Engine> {
    let mut config = config(limits, allocation);
    if allocation == Allocation::Pool {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    }
    Engine::new(&config)
}

/// An engine that compiles for those of [`build`] and runs nothing, so it reserves no address space. One thread:
/// it works under a limit of memory, and each thread would take its part of it.
pub(super) fn compiler(limits: &Limits, allocation: Allocation) -> wasmtime::Result<Engine> {
    Engine::new(config(limits, allocation).parallel_compilation(false))
}

/// All that compiled code depends on. Where instances live is no part of it, how much space is reserved is.
fn config(limits: &Limits, allocation: Allocation) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        .concurrency_support(false)
        // What plugins do not need, a sandbox does not offer.
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    if allocation == Allocation::OnDemand {
        // The default reserves 4 GiB for each memory to save bounds checks: exactly what was refused.
        config.memory_reservation(0).memory_reservation_for_growth(1 << 20).memory_guard_size(1 << 16);
    }
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let slots = u32::try_from(limits.workers.max(1)).unwrap_or(u32::MAX).saturating_mul(SLOTS_PER_WORKER);
    // An import job keeps its slot between its calls, so it must not be one that a call would find missing.
    let slots = slots.saturating_add(limits.jobs);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(INSTANCES))
        .total_memories(slots.saturating_mul(MEMORIES))
        .total_tables(slots.saturating_mul(TABLES))
        .max_core_instances_per_component(INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .table_elements(limits.table_elements)
        .max_memory_size(limits.largest_memory())
        // Zeroing what was used of a table takes less than giving its pages back, which interrupts every core that
        // runs this process.
        .table_keep_resident(TABLE_RESIDENT)
        .linear_memory_keep_resident(MEMORY_RESIDENT)
        // Off: dirty pages that were swapped out can escape its reset (wasmtime pull request 14357).
        .pagemap_scan(Enabled::No);
    pool
}
