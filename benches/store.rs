//! Durable commits: callers that share a flush, against one caller that waits for each.
//!
//! `cargo bench -p kubeorch-benches --bench store [-- FILTER and criterion's flags]`, about 25 s.
//!
//! All lines of a group count commits, so their ratio is what group commit gains; it stands at the end, beside
//! the time that the disk needs for the smallest flush. The file lies in Cargo's target folder: on a file system
//! in memory a flush costs nothing and the ratio means nothing.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use kubeorch_benches::load::{Load, Target, Until};
use kubeorch_benches::measure::{Failure, Table, at_least, conditions, median};
use kubeorch_core::store::redb::Options;
use kubeorch_core::store::{Memory, Redb};
use kubeorch_core::time::SystemClock;
use tokio::runtime::{Builder, Runtime};

/// The last is the baseline.
const CALLERS: [usize; 3] = [256, 64, 1];
/// What 256 callers reach at least, in commits of one caller.
const TARGET: f64 = 100.0;
const SAMPLES: usize = 10;

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let runtime = Builder::new_multi_thread().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let clock = Arc::new(SystemClock);
    let before = conditions(folder.path())?;
    let file = Redb::open(folder.path().join("bench.redb"), Options::default(), clock.clone())?;
    let file = commits(&mut criterion, "commit to redb", &runtime, &Load::new(file));
    commits(&mut criterion, "commit to memory", &runtime, &Load::new(Memory::new(clock)));
    criterion.final_summary();
    summary(file, &before, folder.path())
}

/// Commits a second by number of callers; NaN where a filter left it out.
fn commits<T: Target>(criterion: &mut Criterion, name: &str, runtime: &Runtime, load: &Load<T>) -> [f64; 3] {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    let rates = CALLERS.map(|callers| {
        let rates = RefCell::new(Vec::new());
        group.throughput(Throughput::Elements(callers as u64));
        let line =
            if callers == 1 { "baseline: one caller".to_owned() } else { format!("{callers} callers") };
        group.bench_function(line, |bencher| {
            bencher.iter_custom(|iterations| match load.drive(runtime, callers, Until::Each(iterations)) {
                Ok(round) => {
                    rates.borrow_mut().push(round.rate());
                    round.span
                }
                Err(error) => panic!("the store refused a commit: {error}"),
            });
        });
        // The first ones were the warm-up, with other numbers of iterations.
        median(rates.into_inner().into_iter().rev().take(SAMPLES))
    });
    group.finish();
    rates
}

fn summary(rates: [f64; 3], before: &str, folder: &Path) -> Result<(), Failure> {
    let one = rates[CALLERS.len() - 1];
    let mut table = Table::new(["callers", "commits/s", "to one caller", "target", ""]);
    for (callers, rate) in CALLERS.into_iter().zip(rates) {
        let ratio = if callers == CALLERS[0] {
            at_least(rate / one, TARGET).to_vec()
        } else {
            vec![format!("{:.2}x", rate / one)]
        };
        table.row([callers.to_string(), format!("{rate:.0}")].into_iter().chain(ratio));
    }
    println!("\n{table}before: {before}\nafter:  {}", conditions(folder)?);
    Ok(())
}
