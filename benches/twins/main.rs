//! The store against `SQLite` and PostgreSQL, in one run: the same record, event and index, durable before the
//! answer.
//!
//! `cargo bench -p kubeorch-benches --bench twins [-- FLAGS]`, about 50 s by default.
//!
//! | flag | default | |
//! |---|---|---|
//! | `--rounds N` | 20 | every line is measured once a round |
//! | `--millis N` | 150 | how long a line is measured in a round |
//!
//! A flush is timed before and after each line, because on a busy machine its caller waits for a core as well.
//! Figures are medians over the rounds in which it was of one kind, ratios medians over those in which it was of
//! the same kind for both; `rounds` says how many. Quote those of a quiet machine: the flush then is the disk's.
//!
//! `SQLite` (bundled; WAL, `synchronous=FULL`) has the same group commit in front as the store, and as much
//! cache. PostgreSQL is Debian's, with its defaults (`apt-get install postgresql`), one connection a caller;
//! where it is not installed it is left out.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

mod postgres;
mod sqlite;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kubeorch_benches::flags;
use kubeorch_benches::load::{Load, Round, Target, Until};
use kubeorch_benches::measure::{Disk, Failure, Sample, Table, at_least, conditions, median, time};
use kubeorch_core::store::Redb;
use kubeorch_core::store::redb::Options;
use kubeorch_core::time::SystemClock;
use tokio::runtime::{Builder, Runtime};

use postgres::Postgres;
use sqlite::Sqlite;

/// Rounds of one target with one number of callers, each with the kind of a flush meanwhile.
struct Line {
    target: &'static str,
    callers: usize,
    rounds: Vec<(Round, Option<Disk>)>,
}

impl Line {
    fn on(&self, disk: Disk) -> Vec<&Round> {
        self.rounds.iter().filter(|round| round.1 == Some(disk)).map(|round| &round.0).collect()
    }
}

/// `over` commits so often more than `under`, with the callers of each.
struct Ratio {
    over: (&'static str, usize),
    under: (&'static str, usize),
    target: f64,
}

const OURS: &str = "kubeorch";
const SQLITE: &str = "sqlite";
const POSTGRES: &str = "postgres";
/// One caller and 256 next to each other: the ratio of the two is what a flush sways most.
const CALLERS: [usize; 3] = [64, 1, 256];
const RATIOS: [Ratio; 5] = [
    Ratio { over: (OURS, 256), under: (OURS, 1), target: 100.0 },
    Ratio { over: (OURS, 256), under: (SQLITE, 256), target: 1.0 },
    Ratio { over: (OURS, 1), under: (SQLITE, 1), target: 1.0 },
    Ratio { over: (OURS, 64), under: (POSTGRES, 64), target: 1.5 },
    Ratio { over: (OURS, 256), under: (POSTGRES, 256), target: 4.0 },
];

fn main() -> Result<(), Failure> {
    let (rounds, millis) = if flags::measuring() { (20, 150) } else { (1, 20) };
    let rounds = flags::value("--rounds")?.unwrap_or(rounds);
    let span = Duration::from_millis(flags::value("--millis")?.unwrap_or(millis));
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!("before: {}", conditions(folder.path())?);
    let lines = measure_all(folder.path(), &runtime, rounds, span)?;
    println!("after:  {}\n\n{}\n{}", conditions(folder.path())?, rates(&lines), ratios(&lines));
    Ok(())
}

fn measure_all(
    folder: &Path,
    runtime: &Runtime,
    rounds: usize,
    span: Duration,
) -> Result<Vec<Line>, Failure> {
    let options = Options::default();
    let ours = Load::new(Redb::open(folder.join("bench.redb"), options, Arc::new(SystemClock))?);
    let sqlite = Load::new(Sqlite::open(&folder.join("bench.sqlite"), options.cache_bytes)?);
    let most = CALLERS.into_iter().max().unwrap_or_default();
    // In a folder beside: its owner is another user, who must be able to get there.
    let postgres = Postgres::start(Path::new(env!("CARGO_TARGET_TMPDIR")), most, runtime)?;
    match &postgres {
        Some(server) => println!("sqlite {}; {}", rusqlite::version(), server.version()?),
        None => println!("sqlite {}; PostgreSQL is not installed: skipped", rusqlite::version()),
    }
    let postgres = postgres.map(Load::new);
    let mut lines = Vec::new();
    for _ in 0..rounds {
        for callers in CALLERS {
            let mut step = Step { folder, runtime, span, lines: &mut lines, callers };
            step.add(OURS, &ours)?;
            step.add(SQLITE, &sqlite)?;
            if let Some(postgres) = &postgres {
                step.add(POSTGRES, postgres)?;
            }
        }
    }
    Ok(lines)
}

/// The lines of one round with the same number of callers.
struct Step<'a> {
    folder: &'a Path,
    runtime: &'a Runtime,
    span: Duration,
    lines: &'a mut Vec<Line>,
    callers: usize,
}

impl Step<'_> {
    fn add<T: Target>(&mut self, target: &'static str, load: &Load<T>) -> Result<(), Failure> {
        let drive = || load.drive(self.runtime, self.callers, &Until::Elapsed(self.span));
        let round = Disk::around(self.folder, drive)?;
        match self.lines.iter_mut().find(|line| (line.target, line.callers) == (target, self.callers)) {
            Some(line) => line.rounds.push(round),
            None => self.lines.push(Line { target, callers: self.callers, rounds: vec![round] }),
        }
        Ok(())
    }
}

fn rates(lines: &[Line]) -> Table {
    let mut table = Table::new([
        "target",
        "callers",
        "fdatasync",
        "rounds",
        "commits/s",
        "lowest",
        "highest",
        "p50",
        "p99",
    ]);
    for (line, disk) in lines.iter().flat_map(|line| Disk::ALL.map(|disk| (line, disk))) {
        let rounds = line.on(disk);
        if rounds.is_empty() {
            continue;
        }
        let rates: Vec<_> = rounds.iter().map(|round| round.rate()).collect();
        let (lowest, highest) = extremes(&rates);
        let head =
            [line.target.to_owned(), line.callers.to_string(), disk.to_string(), rounds.len().to_string()];
        let rates = [median(rates), lowest, highest].map(|rate| format!("{rate:.0}"));
        let latencies = [50, 99].map(|percent| {
            let of_rounds: Sample = rounds.iter().map(|round| round.latency.percentile(percent)).collect();
            time(of_rounds.median())
        });
        table.row(head.into_iter().chain(rates).chain(latencies));
    }
    table
}

fn ratios(lines: &[Line]) -> Table {
    let mut table = Table::new(["ratio", "fdatasync", "rounds", "median", "target", "", "lowest", "highest"]);
    let find = |(target, callers)| lines.iter().find(|line| (line.target, line.callers) == (target, callers));
    for (Ratio { over, under, target }, disk) in
        RATIOS.iter().flat_map(|ratio| Disk::ALL.map(|disk| (ratio, disk)))
    {
        let (Some(high), Some(low)) = (find(*over), find(*under)) else { continue };
        let pairs = high.rounds.iter().zip(&low.rounds);
        let same = pairs.filter(|(high, low)| high.1 == Some(disk) && low.1 == Some(disk));
        let of_rounds: Vec<_> = same.map(|(high, low)| high.0.rate() / low.0.rate()).collect();
        if of_rounds.is_empty() {
            continue;
        }
        let name = format!("{} {} / {} {}", over.0, over.1, under.0, under.1);
        let head = [name, disk.to_string(), of_rounds.len().to_string()];
        let (lowest, highest) = extremes(&of_rounds);
        let extremes = [format!("{lowest:.2}x"), format!("{highest:.2}x")];
        table.row(head.into_iter().chain(at_least(median(of_rounds), *target)).chain(extremes));
    }
    table
}

fn extremes(numbers: &[f64]) -> (f64, f64) {
    numbers.iter().fold((f64::INFINITY, 0.0), |(low, high), &number| (low.min(number), high.max(number)))
}
