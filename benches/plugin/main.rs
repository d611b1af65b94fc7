//! The plugin sandbox: what a call, a load, a fault and a large graph cost, beside wasmtime alone on the same bytes.
//!
//! `cargo bench -p kubeorch-benches --bench plugin [-- PART ..]`, about a minute; the parts are `calls`, `loads`,
//! `faults` and `graph`.
//!
//! The twin makes the same instance with the same engine settings, and reads and writes the same JSON; what ours costs
//! more is the queue, the limits and the checks. Costs are processor time where the machine may be busy, which is
//! what a core has to give; times on the clock stand beside them.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

mod calls;
mod faults;
mod graph;
mod guests;
mod loads;
mod twin;

use kubeorch_benches::flags;
use kubeorch_benches::measure::{Failure, Table};

/// What others publish for work of the same kind, on their machines.
const ANCHORS: &str = "\
published by others: new instance 4.2us (wasmtime, a module), 27us (wasmtime, WASI, 2021), <50us (Lucet);
instance and call 1-2ms (QuickJS), 1.3ms (eryx); hot call 31us (lix); cached load 0.5ms (Fermyon), 0.64ms (lix),
2.9ms (Extism), 8.9ms (Zed); endless loops end after 1s (Kubewarden), 10ms steps (Spin), never (Zed)";

type Part = fn(u32, &mut Table) -> Result<(), Failure>;

fn main() -> Result<(), Failure> {
    let scale = if flags::measuring() { 100 } else { 1 };
    let asked: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let mut table = Table::new(["", "wasmtime alone", "KubeOrch", "target", ""]);
    let parts: [(&str, Part); 4] =
        [("calls", calls::run), ("loads", loads::run), ("faults", faults::run), ("graph", graph::run)];
    println!("before: {}", conditions()?);
    for (name, run) in parts {
        if asked.is_empty() || asked.iter().any(|part| part == name) {
            run(scale, &mut table)?;
        }
    }
    println!("after:  {}\n\n{table}\n{ANCHORS}", conditions()?);
    Ok(())
}

fn conditions() -> Result<String, Failure> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{cores} cores, load average {}", load.split(' ').next().unwrap_or_default()))
}
