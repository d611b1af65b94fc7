//! How long a large store takes to open: after a clean close, and after its writer was killed.
//!
//! `cargo bench -p kubeorch-benches --bench open [-- FLAGS]`, about 20 s by default.
//!
//! | flag | default | |
//! |---|---|---|
//! | `--size SIZE` | 64MiB | what the records hold; the file is larger. The targets are for `1GiB` |
//! | `--opens N` | 15 | opens of each kind |
//!
//! The program runs itself as the writer (`--writer FILE`) and kills it while 64 callers commit, each time a
//! little later. Nothing is dropped from the page cache: the figures are those of a restart, not of a boot.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_benches::flags::{self, Size};
use kubeorch_benches::load::{self, Load, Until};
use kubeorch_benches::measure::{Failure, Sample, Table, at_most, conditions, time};
use kubeorch_core::store::redb::Options;
use kubeorch_core::store::{Batch, Redb, Store, Write};
use kubeorch_core::time::SystemClock;
use tokio::runtime::Builder;

/// For a store of 1 GiB: the median after a clean close, and after a kill.
const TARGETS: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(150)];
const CALLERS: usize = 64;
const RECORD: usize = 4 << 10;
/// Records of a batch while the store is filled.
const BATCH: u64 = 2 << 10;
/// A writer that nobody kills ends by itself.
const WRITER_LIFE: Duration = Duration::from_secs(20);

fn main() -> Result<(), Failure> {
    if let Some(path) = flags::value::<PathBuf>("--writer")? {
        return write(&path);
    }
    let (size, opens) = if flags::measuring() { (Size(64 << 20), 15) } else { (Size(4 << 20), 2) };
    let size = flags::value("--size")?.unwrap_or(size);
    let opens = flags::value("--opens")?.unwrap_or(opens);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("bench.redb");
    println!("before: {}", conditions(folder.path())?);
    fill(&path, size)?;
    let clean = (0..opens).map(|_| open(&path)).collect::<Result<Sample, _>>()?;
    let killed = (0..opens).map(|turn| kill(&path, turn).and_then(|()| open(&path)));
    let killed = killed.collect::<Result<Sample, _>>()?;
    println!("after:  {}\n\n{}", conditions(folder.path())?, report(&clean, &killed));
    println!("warm: the file was in the page cache; {} MiB of records", size.0 >> 20);
    Ok(())
}

fn store(path: &Path) -> Result<Redb, Failure> {
    Ok(Redb::open(path, Options::default(), Arc::new(SystemClock))?)
}

/// The time of one open; the close is not in it.
fn open(path: &Path) -> Result<Duration, Failure> {
    let begin = Instant::now();
    let store = store(path)?;
    let span = begin.elapsed();
    drop(store);
    Ok(span)
}

/// Records of 4 KiB and an event for each, until the records hold `size`.
fn fill(path: &Path, size: Size) -> Result<(), Failure> {
    let begin = Instant::now();
    let (store, runtime) = (store(path)?, Builder::new_current_thread().build()?);
    let records = size.0.div_ceil(RECORD as u64);
    for first in (0..records).step_by(usize::try_from(BATCH)?) {
        let mut batch = Batch::default();
        for number in first..records.min(first + BATCH) {
            // Above the keys of the writer.
            let key = (u64::MAX / 2 + number).to_be_bytes().to_vec();
            batch.writes.push(Write { table: load::TABLE, key, value: Some(vec![b'x'; RECORD]) });
            batch.events.append(&mut load::batch(number, usize::try_from(number % 1024)?).events);
        }
        runtime.block_on(store.commit(batch))?;
    }
    drop(store);
    let file = std::fs::metadata(path)?.len() >> 20;
    println!("filled in {}: {records} records and events, file of {file} MiB", time(begin.elapsed()));
    Ok(())
}

/// The writer: says a line when its first round of commits is durable, and goes on until it is killed.
fn write(path: &Path) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().build()?;
    let load = Load::new(store(path)?);
    load.drive(&runtime, CALLERS, &Until::Each(1))?;
    println!("writing");
    load.drive(&runtime, CALLERS, &Until::Elapsed(WRITER_LIFE))?;
    Err("nobody killed the writer".into())
}

/// Starts a writer and kills it in the middle of its commits.
fn kill(path: &Path, turn: u32) -> Result<(), Failure> {
    let mut writer = Command::new(std::env::current_exe()?);
    let mut writer = writer.arg("--writer").arg(path).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(output) = writer.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    // A commit takes a few milliseconds: an odd step meets another phase of it each time.
    std::thread::sleep(Duration::from_micros(50_000 + 3_700 * u64::from(turn)));
    let died_before = writer.try_wait()?;
    writer.kill()?;
    writer.wait()?;
    if line.trim() == "writing" && died_before.is_none() { Ok(()) } else { Err("the writer failed".into()) }
}

fn report(clean: &Sample, killed: &Sample) -> Table {
    let mut table = Table::new(["open after", "median", "target for 1 GiB", "", "p99", "max"]);
    for (name, sample, target) in
        [("a clean close", clean, TARGETS[0]), ("kill -9 of its writer", killed, TARGETS[1])]
    {
        let rest = [time(sample.percentile(99)), time(sample.max())];
        table.row([name.to_owned()].into_iter().chain(at_most(sample.median(), target)).chain(rest));
    }
    table
}
