//! One call: in a fresh instance, out of the memo; and what an instance keeps.

use std::time::{Duration, Instant};

use futures::future::join_all;
use kubeorch_benches::measure::{
    Failure, Sample, Table, at_least_of, at_most, at_most_of, cpu, median, proportional, resident, time,
};
use kubeorch_core::plugin::{Host, Limits, NodeTypes, Registry, RenderRequest};
use tokio::runtime::{Builder, Runtime};

use crate::guests::{self, core};
use crate::twin::Twin;

/// Callers that wait at once: the queue is never empty, as in a server that has something to do.
const CALLERS: usize = 64;
const ROUNDS: usize = 9;

pub(crate) fn run(scale: u32, table: &mut Table) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let calls = scale as usize * 10;
    let request = guests::request()?;
    let twin = Twin::new(core(), 64)?;
    let fresh = registry(&runtime, Limits { workers: 1, memo: 0, ..Limits::default() })?;
    per_call(&runtime, table, &twin, &fresh, &request, calls)?;
    alone(&runtime, table, &twin, &fresh, &request, calls)?;

    shares(table, &twin, calls)?;
    let known = registry(&runtime, Limits::default())?;
    let sample = latencies(calls * 4, || runtime.block_on(known.render(&request)).map(drop))?;
    row(table, "memoised call, p50", String::new(), at_most(sample.median(), Duration::from_micros(2)));
    instances(table, scale)
}

fn registry(runtime: &Runtime, limits: Limits) -> Result<Registry, Failure> {
    let host = Host::new(limits)?;
    Ok(runtime.block_on(Registry::builder().host(host).plugin("core", core()).try_build())?)
}

/// Processor time of a call, all threads together. The two take turns, so that both see the same machine.
fn per_call(
    runtime: &Runtime,
    table: &mut Table,
    twin: &Twin,
    ours: &Registry,
    request: &RenderRequest,
    calls: usize,
) -> Result<(), Failure> {
    let (mut bare, mut full) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = cpu()?;
        for _ in 0..calls {
            twin.render(request)?;
        }
        bare.push(micros(cpu()?.saturating_sub(begin), calls));
        let begin = cpu()?;
        for _ in 0..calls.div_ceil(CALLERS) {
            let answers = runtime.block_on(join_all((0..CALLERS).map(|_| ours.render(request))));
            answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
        full.push(micros(cpu()?.saturating_sub(begin), calls.div_ceil(CALLERS) * CALLERS));
    }
    let more = median(bare.iter().zip(&full).map(|(bare, full)| full - bare));
    let (bare, full) = (median(bare), median(full));
    let alone = format!("{bare:.2} us");
    row(table, "fresh instance and render, 0.9 KB to 2 objects", alone, at_most_of(full, 50.0, "us"));
    row(table, "the same, a core's rate", String::new(), at_least_of(1e6 / full, 20_000.0, "/s"));
    row(table, "ours beyond wasmtime alone", String::new(), at_most_of(more, 2.0, "us"));
    Ok(())
}

/// Time on the clock for one caller and an idle queue: two threads hand the call over and back.
fn alone(
    runtime: &Runtime,
    table: &mut Table,
    twin: &Twin,
    ours: &Registry,
    request: &RenderRequest,
    calls: usize,
) -> Result<(), Failure> {
    let bare = latencies(calls, || twin.render(request).map(drop))?;
    let full = latencies(calls, || runtime.block_on(ours.render(request)).map(drop))?;
    let cells = [time(full.median()), String::new(), String::new()];
    row(table, "one caller, idle queue, p50 on the clock", time(bare.median()), cells);
    Ok(())
}

/// Where the time of the twin goes: an instance made and dropped, a call into one that is kept.
fn shares(table: &mut Table, twin: &Twin, calls: usize) -> Result<(), Failure> {
    let request: &'static [u8] = serde_json::to_vec(&guests::request()?)?.leak();
    let instance = latencies(calls, || twin.live().map(drop))?;
    let mut live = twin.live()?;
    let call = latencies(calls, || live.call(request).map(drop))?;
    row(table, "an instance made and dropped, p50", time(instance.median()), [const { String::new() }; 3]);
    row(table, "a call into a kept instance, p50", time(call.median()), [const { String::new() }; 3]);
    Ok(())
}

/// What an instance keeps in memory after a call. Ours never keeps one, so only the twin can tell.
fn instances(table: &mut Table, scale: u32) -> Result<(), Failure> {
    let request: &'static [u8] = serde_json::to_vec(&guests::request()?)?.leak();
    let count = scale * 5;
    let twin = Twin::new(core(), count + 1)?;
    twin.live()?.call(request)?;
    let before = [resident()?, proportional()?];
    let mut live = Vec::new();
    for _ in 0..count {
        let mut instance = twin.live()?;
        instance.call(request)?;
        live.push(instance);
    }
    #[allow(clippy::cast_precision_loss, reason = "kibibytes")]
    let kib = |now: u64, before: u64| now.saturating_sub(before) as f64 / 1024.0 / f64::from(count);
    let mapped = kib(resident()?, before[0]);
    let own = kib(proportional()?, before[1]);
    drop(live);
    row(table, "memory of a live instance, pages mapped", String::new(), at_most_of(mapped, 64.0, "KiB"));
    row(table, "the same, those of its module counted once", String::new(), at_most_of(own, 64.0, "KiB"));
    Ok(())
}

pub(crate) fn latencies<E: Into<Failure>>(
    count: usize,
    mut call: impl FnMut() -> Result<(), E>,
) -> Result<Sample, Failure> {
    let mut one = || {
        let begin = Instant::now();
        call().map_err(Into::into)?;
        Ok(begin.elapsed())
    };
    (0..count).map(|_| one()).collect()
}

#[allow(clippy::cast_precision_loss, reason = "calls of a bench")]
fn micros(time: Duration, calls: usize) -> f64 {
    time.as_secs_f64() * 1e6 / calls as f64
}

/// A name, the twin's number, ours with its target and verdict.
pub(crate) fn row(table: &mut Table, name: &str, twin: String, cells: [String; 3]) {
    table.row([name.to_owned(), twin].into_iter().chain(cells));
}
