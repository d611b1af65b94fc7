//! Backups of a store under full write load: is each one whole, and what do the writers notice?
//!
//! `cargo bench -p kubeorch-benches --bench backup [-- FLAGS]`, about 6 minutes by default.
//!
//! | flag | default | |
//! |---|---|---|
//! | `--size SIZE` | 64MiB | what the records hold before the load begins |
//! | `--times N` | 100 | backups |
//! | `--rate SIZE` | 64MiB | a second, as `kubeorch backup` does by default |
//!
//! Each round is a window without a backup, the baseline, and one that lasts as long as a backup. 64 callers commit
//! all the time, each record with its index and an event. Then the backup is restored, which verifies every block, row and
//! index of it, and counted: records and events are equal, and none is missing that was durable before it began.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kubeorch_benches::flags::{self, Size};
use kubeorch_benches::load::{Load, Round, Target, Until};
use kubeorch_benches::measure::{Failure, Sample, Table, conditions, median, time};
use kubeorch_core::store::redb::{self, Manifest, Options};
use kubeorch_core::store::{Batch, Db, Index, Indexes, Record, Redb, Schema, Seq, Table as Rows};
use kubeorch_core::time::SystemClock;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

/// The p99 of a commit during a backup, by that without one.
const TARGET: f64 = 1.5;
const CALLERS: usize = 64;
const BASELINE: Duration = Duration::from_millis(500);
const TEXT: usize = 256;
/// Rounds with one store: the load makes it larger all the time, and the next begins as small as the first.
const ROUNDS: u32 = 10;
/// Records of a transaction while the store is filled.
const BATCH: u64 = 2 << 10;

#[derive(Serialize, Deserialize)]
struct Change {
    number: u64,
    caller: usize,
    text: String,
}

const BY_CALLER: Index<Change> = Index::new("changes.by_caller");

impl Record for Change {
    const TABLE: Rows = Rows("changes");
    const INDEXES: &'static [Index<Self>] = &[BY_CALLER];
    type Key = u64;

    fn key(&self) -> u64 {
        self.number
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_CALLER, &(self.caller as u64));
    }
}

fn change(number: u64, caller: usize) -> Change {
    Change { number, caller, text: "x".repeat(TEXT) }
}

/// A store, through its typed layer.
struct Typed {
    store: Arc<Redb>,
    db: Db,
    filled: u64,
}

impl Target for Typed {
    async fn commit(&self, caller: usize, batch: Batch) -> Result<(), Failure> {
        let key = batch.writes.first().and_then(|write| write.key.as_slice().try_into().ok());
        let number = self.filled + u64::from_be_bytes(key.ok_or("the load has no number")?);
        let written = self.db.write(|tx| {
            tx.put(&change(number, caller))?;
            tx.event(format!("caller:{caller}"), "changed", &number)
        });
        Ok(written.await.map(drop)?)
    }
}

fn main() -> Result<(), Failure> {
    let (size, times) = if flags::measuring() { (Size(64 << 20), 100) } else { (Size(1 << 20), 2) };
    let size = flags::value("--size")?.unwrap_or(size);
    let times: u32 = flags::value("--times")?.unwrap_or(times);
    let Size(rate) = flags::value("--rate")?.unwrap_or(Size(64 << 20));
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let before = conditions(folder.path())?;
    let began = Instant::now();
    let (path, mut rounds) = (folder.path().join("bench.redb"), Vec::new());
    for first in (0..times).step_by(usize::try_from(ROUNDS)?) {
        let load = Load::new(fill(&path, size, &runtime)?);
        for _ in first..times.min(first + ROUNDS) {
            rounds.push(round(&load, &runtime, folder.path(), rate)?);
        }
        drop(load);
        std::fs::remove_file(&path)?;
    }
    println!("\n{}", report(&rounds));
    println!("{times} backups restored and verified, each with every record that was durable when it began");
    println!("in {}; before: {before}\nafter:  {}", time(began.elapsed()), conditions(folder.path())?);
    Ok(())
}

/// Records and an event for each until the records hold `size`.
fn fill(path: &Path, Size(size): Size, runtime: &Runtime) -> Result<Typed, Failure> {
    let clock = Arc::new(SystemClock);
    let store = Arc::new(Redb::open(path, Options::default(), clock.clone())?);
    let db = Db::new(store.clone(), clock);
    let filled = size.div_ceil(TEXT as u64);
    for first in (0..filled).step_by(usize::try_from(BATCH)?) {
        runtime.block_on(db.write(|tx| {
            for number in first..filled.min(first + BATCH) {
                tx.put(&change(number, 0))?;
                tx.event("fill", "changed", &number)?;
            }
            Ok::<_, kubeorch_core::store::Error>(())
        }))?;
    }
    Ok(Typed { store, db, filled })
}

/// Latencies without and during a backup, and how long it took.
struct Measured {
    alone: Sample,
    during: Sample,
    took: Duration,
    bytes: u64,
}

fn round(load: &Load<Typed>, runtime: &Runtime, folder: &Path, rate: u64) -> Result<Measured, Failure> {
    let alone = load.drive(runtime, CALLERS, &Until::Elapsed(BASELINE))?;
    let (copy, restored) = (folder.join("copy"), folder.join("restored.redb"));
    let durable = load.target().db.read(|reader| Ok::<_, Failure>(reader.seq()))?;
    let over = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let (made, took, during) = std::thread::scope(|scope| -> Result<_, Failure> {
        let backup = scope.spawn(|| {
            let made = backup(&load.target().store, &copy, rate);
            over.store(true, Ordering::Relaxed);
            (made, began.elapsed())
        });
        let during = load.drive(runtime, CALLERS, &Until::Said(over.clone()))?;
        let (made, took) = backup.join().map_err(|_| "the backup panicked")?;
        Ok((made?, took, during))
    })?;
    check(&made, durable, &copy, &restored)?;
    std::fs::remove_dir_all(&copy)?;
    std::fs::remove_file(&restored)?;
    let Round { latency: alone, .. } = alone;
    Ok(Measured { alone, during: during.latency, took, bytes: made.bytes })
}

fn backup(store: &Redb, destination: &Path, rate: u64) -> Result<Manifest, kubeorch_core::store::Error> {
    let (began, mut copied) = (Instant::now(), 0_u64);
    store.backup(destination, |bytes| {
        copied += bytes;
        let due = Duration::from_micros(copied.saturating_mul(1_000_000).checked_div(rate).unwrap_or(0));
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        ControlFlow::Continue(())
    })
}

fn check(made: &Manifest, durable: Seq, copy: &Path, restored: &Path) -> Result<(), Failure> {
    let clock = Arc::new(SystemClock);
    redb::restore(&[copy.to_owned()], restored, &Schema::default().with::<Change>(), clock.clone())?;
    let store = Redb::open(restored, Options::default(), clock.clone())?;
    let db = Db::new(Arc::new(store), clock);
    let (records, head) = db.read(|reader| {
        let mut records = 0_u64;
        reader.keys::<Change>(|_| records += 1)?;
        Ok::<_, Failure>((records, reader.seq()))
    })?;
    if head < durable || head != made.head || records != head.0 {
        let durable = durable.0;
        return Err(format!("{records} records, {} events, {durable} were durable", head.0).into());
    }
    Ok(())
}

fn report(rounds: &[Measured]) -> Table {
    let mut table = Table::new(["", "without", "during", "ratio", "target", "", "lowest", "highest"]);
    for percent in [50, 99] {
        let of = |sample: &Sample| sample.percentile(percent);
        let ratios = || rounds.iter().map(|it| of(&it.during).as_secs_f64() / of(&it.alone).as_secs_f64());
        let middle = |samples: &dyn Fn(&Measured) -> Duration| {
            time(Duration::from_secs_f64(median(rounds.iter().map(|it| samples(it).as_secs_f64()))))
        };
        let ratio = median(ratios());
        let judged = if percent == 99 {
            [format!("<= {TARGET}x"), if ratio <= TARGET { "reached" } else { "MISSED" }.to_owned()]
        } else {
            [String::new(), String::new()]
        };
        let head =
            [format!("p{percent} of a commit"), middle(&|it| of(&it.alone)), middle(&|it| of(&it.during))];
        let ends = [ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max)];
        let row = head.into_iter().chain([format!("{ratio:.2}x")]).chain(judged);
        table.row(row.chain(ends.map(|it| format!("{it:.2}x"))));
    }
    let took = rounds.iter().map(|it| it.took).collect::<Sample>();
    let bytes = rounds.last().map_or(0, |it| it.bytes >> 20);
    table.row([format!("a backup, {bytes} MiB at last"), String::new(), time(took.median())]);
    table
}
