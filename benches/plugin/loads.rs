//! From bytes to a plugin: compiled, out of the cache, many at once.

use std::path::Path;
use std::time::{Duration, Instant};

use kubeorch_benches::measure::{Failure, Sample, Table, at_most, time};
use kubeorch_core::plugin::{CacheOptions, Host, Limits, Registry};
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::Component;

use crate::calls::{latencies, row};
use crate::guests::{self, ANSWER, core};
use crate::twin::{Twin, engine};

const PLUGINS: usize = 50;

pub(crate) fn run(scale: u32, table: &mut Table) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let small = guests::written("test", ANSWER)?;
    let target = Some(Duration::from_millis(1));
    for (name, bytes, target) in [("83 KB plugin", small.as_slice(), target), ("core plugin", core(), None)] {
        one(&runtime, table, folder.path(), scale as usize * 3, name, bytes, target)?;
    }
    many(&runtime, table, folder.path())
}

fn one(
    runtime: &Runtime,
    table: &mut Table,
    folder: &Path,
    loads: usize,
    name: &str,
    bytes: &[u8],
    target: Option<Duration>,
) -> Result<(), Failure> {
    let host = Host::with_cache(Limits::default(), CacheOptions::new(folder.join("cache")))?;
    let load = || runtime.block_on(host.load("p", bytes)).map(drop);
    let compile = Instant::now();
    load()?;
    let compile = compile.elapsed();
    let cached = latencies(loads, load)?;
    let counts = host.compilations();
    if (counts.compiled, counts.cached) != (1, loads as u64) {
        return Err(format!("not what was to be measured: {counts:?}").into());
    }
    let (compiled, bare) = twin(folder, bytes, loads)?;
    let size = bytes.len() >> 10;
    let cells = [time(compile), String::new(), String::new()];
    row(table, &format!("{name}, {size} KiB, compiled"), time(compiled), cells);
    let cells = match target {
        Some(target) => at_most(cached.median(), target),
        None => [time(cached.median()), String::new(), String::new()],
    };
    row(table, "the same out of the cache, p50", time(bare.median()), cells);
    Ok(())
}

/// Code from a file that is believed as it is, linked.
fn twin(folder: &Path, bytes: &[u8], loads: usize) -> Result<(Duration, Sample), Failure> {
    let engine = engine(8)?;
    let begin = Instant::now();
    let code = engine.precompile_component(bytes)?;
    let compiled = begin.elapsed();
    let file = folder.join("twin");
    std::fs::write(&file, code)?;
    let load = || -> Result<(), Failure> {
        let code = std::fs::read(&file)?;
        #[allow(unsafe_code, reason = "the twin believes the file that it has just written")]
        // SAFETY: the bytes are those that `precompile_component` returned above.
        let component = unsafe { Component::deserialize(&engine, code)? };
        Twin::linked(engine.clone(), &component).map(drop)
    };
    Ok((compiled, latencies(loads, load)?))
}

fn many(runtime: &Runtime, table: &mut Table, folder: &Path) -> Result<(), Failure> {
    let plugins: Vec<(String, Vec<u8>)> = (0..PLUGINS)
        .map(|number| format!("p{number}"))
        .map(|id| guests::written(&id, ANSWER).map(|bytes| (id, bytes)))
        .collect::<Result<_, _>>()?;
    let start = || -> Result<Duration, Failure> {
        let host = Host::with_cache(Limits::default(), CacheOptions::new(folder.join("many")))?;
        let builder = plugins.iter().fold(Registry::builder().host(host), |builder, (id, bytes)| {
            builder.plugin(id.as_str(), bytes.as_slice())
        });
        let begin = Instant::now();
        runtime.block_on(builder.try_build())?;
        Ok(begin.elapsed())
    };
    let first = start()?;
    let cached = (0..5).map(|_| start()).collect::<Result<Sample, _>>()?;
    row(table, "50 plugins of 83 KB, compiled", String::new(), [time(first), String::new(), String::new()]);
    row(
        table,
        "50 plugins out of the cache, p50",
        String::new(),
        at_most(cached.median(), Duration::from_millis(50)),
    );
    Ok(())
}
