//! Durable commits: callers that share a flush, against one caller that waits for each.
//!
//! `cargo bench -p kubeorch-benches --bench store [-- FILTER and criterion's flags]`, about 40 s.
//!
//! All lines of a group count commits, so their ratio is what group commit gains. It stands at the end, by the
//! kind of a flush during each sample, beside the time that the smallest flush takes. The file lies in Cargo's
//! target folder: on a file system in memory a flush costs nothing and the ratio means nothing.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use kubeorch_benches::load::{Load, Target, Until};
use kubeorch_benches::measure::{Disk, Failure, Table, at_least, conditions, median};
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
    let samples = commits(&mut criterion, "commit to redb", &runtime, folder.path(), &Load::new(file));
    commits(&mut criterion, "commit to memory", &runtime, folder.path(), &Load::new(Memory::new(clock)));
    criterion.final_summary();
    println!("\n{}before: {before}\nafter:  {}", summary(&samples), conditions(folder.path())?);
    Ok(())
}

/// Commits a second and the kind of a flush meanwhile, by number of callers; none where a filter left it out.
type Samples = [Vec<(f64, Option<Disk>)>; 3];

fn commits<T: Target>(
    criterion: &mut Criterion,
    name: &str,
    runtime: &Runtime,
    folder: &Path,
    load: &Load<T>,
) -> Samples {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    let samples = CALLERS.map(|callers| {
        let samples = RefCell::new(Vec::new());
        group.throughput(Throughput::Elements(callers as u64));
        let line =
            if callers == 1 { "baseline: one caller".to_owned() } else { format!("{callers} callers") };
        group.bench_function(line, |bencher| {
            bencher.iter_custom(|iterations| {
                let drive = || load.drive(runtime, callers, &Until::Each(iterations));
                match Disk::around(folder, drive) {
                    Ok((round, disk)) => {
                        samples.borrow_mut().push((round.rate(), disk));
                        round.span
                    }
                    Err(error) => panic!("the store refused a commit: {error}"),
                }
            });
        });
        let mut samples = samples.into_inner();
        // The first ones were the warm-up, with other numbers of iterations.
        samples.split_off(samples.len().saturating_sub(SAMPLES))
    });
    group.finish();
    samples
}

fn summary(samples: &Samples) -> Table {
    let mut table =
        Table::new(["callers", "fdatasync", "samples", "commits/s", "to one caller", "target", ""]);
    for disk in Disk::ALL {
        let on = |samples: &Vec<(f64, _)>| -> Vec<f64> {
            samples.iter().filter(|sample| sample.1 == Some(disk)).map(|sample| sample.0).collect()
        };
        let one = median(on(&samples[CALLERS.len() - 1]));
        for (callers, rates) in CALLERS.into_iter().zip(samples.each_ref().map(on)) {
            if rates.is_empty() {
                continue;
            }
            let (count, rate) = (rates.len(), median(rates));
            let head = [callers.to_string(), disk.to_string(), count.to_string(), format!("{rate:.0}")];
            let ratio = match callers {
                _ if one.is_nan() => Vec::new(),
                256 => at_least(rate / one, TARGET).to_vec(),
                _ => vec![format!("{:.2}x", rate / one)],
            };
            table.row(head.into_iter().chain(ratio));
        }
    }
    table
}
