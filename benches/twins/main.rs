//! The store against `SQLite` and PostgreSQL, in one run: the same record, event and index, durable before the
//! answer.
//!
//! `cargo bench -p kubeorch-benches --bench twins [-- FLAGS]`, about 45 s by default.
//!
//! | flag | default | |
//! |---|---|---|
//! | `--rounds N` | 5 | every line is measured once a round; the table shows medians over the rounds |
//! | `--millis N` | 900 | how long a line is measured in a round |
//!
//! Lines of a round follow each other at once and a ratio is the median of the ratios of each round, so a disk
//! that changes its speed meanwhile harms both sides alike. `SQLite` (bundled; WAL, `synchronous=FULL`) has the
//! same group commit in front as the store, and as much cache. PostgreSQL is Debian's, with its defaults
//! (`apt-get install postgresql`), one connection a caller; where it is not installed it is left out.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

mod postgres;
mod sqlite;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kubeorch_benches::load::{Load, Round, Target, Until};
use kubeorch_benches::measure::{Failure, Table, at_least, conditions, fsync, median, time};
use kubeorch_benches::{flags, measure};
use kubeorch_core::store::Redb;
use kubeorch_core::store::redb::Options;
use kubeorch_core::time::SystemClock;
use tokio::runtime::{Builder, Runtime};

use postgres::Postgres;
use sqlite::Sqlite;

/// Rounds of one target with one number of callers.
struct Line {
    target: &'static str,
    callers: usize,
    rounds: Vec<Round>,
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
const CALLERS: [usize; 3] = [1, 64, 256];
const RATIOS: [Ratio; 5] = [
    Ratio { over: (OURS, 256), under: (OURS, 1), target: 100.0 },
    Ratio { over: (OURS, 256), under: (SQLITE, 256), target: 1.0 },
    Ratio { over: (OURS, 1), under: (SQLITE, 1), target: 1.0 },
    Ratio { over: (OURS, 64), under: (POSTGRES, 64), target: 1.5 },
    Ratio { over: (OURS, 256), under: (POSTGRES, 256), target: 4.0 },
];

fn main() -> Result<(), Failure> {
    let (rounds, millis) = if flags::measuring() { (5, 900) } else { (1, 20) };
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
    for round in 0..rounds {
        let disk = fsync(folder, 50)?;
        println!("round {} of {rounds}: fdatasync p50 {}", round + 1, time(disk.median()));
        for callers in CALLERS {
            add(&mut lines, OURS, &ours, callers, (runtime, span))?;
            add(&mut lines, SQLITE, &sqlite, callers, (runtime, span))?;
            if let Some(postgres) = &postgres {
                add(&mut lines, POSTGRES, postgres, callers, (runtime, span))?;
            }
        }
    }
    Ok(lines)
}

fn add<T: Target>(
    lines: &mut Vec<Line>,
    target: &'static str,
    load: &Load<T>,
    callers: usize,
    (runtime, span): (&Runtime, Duration),
) -> Result<(), Failure> {
    let round = load.drive(runtime, callers, Until::Elapsed(span))?;
    match lines.iter_mut().find(|line| (line.target, line.callers) == (target, callers)) {
        Some(line) => line.rounds.push(round),
        None => lines.push(Line { target, callers, rounds: vec![round] }),
    }
    Ok(())
}

fn rates(lines: &[Line]) -> Table {
    let mut table = Table::new(["target", "callers", "commits/s", "lowest", "highest", "p50", "p99"]);
    for line in lines {
        let rates: Vec<_> = line.rounds.iter().map(Round::rate).collect();
        let (lowest, highest) = extremes(&rates);
        let latency = |percent| {
            let rounds: measure::Sample =
                line.rounds.iter().map(|round| round.latency.percentile(percent)).collect();
            time(rounds.median())
        };
        let rate = |rate: f64| format!("{rate:.0}");
        table.row([
            line.target.to_owned(),
            line.callers.to_string(),
            rate(median(rates)),
            rate(lowest),
            rate(highest),
            latency(50),
            latency(99),
        ]);
    }
    table
}

fn ratios(lines: &[Line]) -> Table {
    let mut table = Table::new(["ratio", "median", "target", "", "lowest", "highest"]);
    let find = |(target, callers)| lines.iter().find(|line| (line.target, line.callers) == (target, callers));
    for Ratio { over, under, target } in RATIOS {
        let (Some(high), Some(low)) = (find(over), find(under)) else { continue };
        let pairs = high.rounds.iter().zip(&low.rounds);
        let of_rounds: Vec<_> = pairs.map(|(high, low)| high.rate() / low.rate()).collect();
        let (lowest, highest) = extremes(&of_rounds);
        let name = format!("{} {} / {} {}", over.0, over.1, under.0, under.1);
        let extremes = [format!("{lowest:.2}x"), format!("{highest:.2}x")];
        table.row([name].into_iter().chain(at_least(median(of_rounds), target)).chain(extremes));
    }
    table
}

fn extremes(numbers: &[f64]) -> (f64, f64) {
    numbers.iter().fold((f64::INFINITY, 0.0), |(low, high), &number| (low.min(number), high.max(number)))
}
