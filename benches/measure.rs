//! What programs measure and print with: samples, the disk's own speed, tables, flags.
//!
//! It holds no number of its own: a target stands beside the ratio that it is for, in the program that prints it.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Why a program stopped.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Durations in order.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<Duration>);

impl FromIterator<Duration> for Sample {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut sorted: Vec<_> = durations.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }
}

impl Sample {
    /// The smallest duration that at least `percent` of all do not exceed; zero of an empty sample.
    ///
    /// ```
    /// # use {kubeorch_benches::measure::Sample, std::time::Duration};
    /// let sample: Sample = (1..=200).rev().map(Duration::from_millis).collect();
    /// assert_eq!(sample.percentile(50), Duration::from_millis(100));
    /// assert_eq!(sample.percentile(99), Duration::from_millis(198));
    /// assert_eq!(sample.percentile(100), Duration::from_millis(200));
    /// ```
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Half of all take at most this long.
    #[must_use]
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        self.percentile(100)
    }
}

/// The middle of the numbers, the mean of the middle two of an even count; NaN of none.
///
/// ```
/// # use kubeorch_benches::measure::median;
/// assert_eq!((median([3.0, 1.0, 2.0]), median([4.0, 1.0, 2.0, 3.0])), (2.0, 2.5));
/// ```
#[must_use]
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = numbers.into_iter().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    match (sorted.get(sorted.len().wrapping_sub(1) / 2), sorted.get(sorted.len() / 2)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

/// How long the disk takes to keep 4 KiB appended to a file in `folder`: so many times write, fdatasync.
///
/// Every durable commit waits for this at least once, so no rate means anything without it.
pub fn fsync(folder: &Path, appends: usize) -> Result<Sample, Failure> {
    let path = folder.join("fsync-probe");
    let mut file = File::create(&path)?;
    let mut append = || {
        let begin = Instant::now();
        file.write_all(&[b'x'; 4096])?;
        file.sync_data()?;
        Ok(begin.elapsed())
    };
    let sample = (0..appends).map(|_| append()).collect::<Result<_, std::io::Error>>()?;
    std::fs::remove_file(path)?;
    Ok(sample)
}

/// How long a flush takes its caller for as long as something is measured.
///
/// On a busy machine that is not the disk's time: where others keep every core, the answer of a disk that needs
/// 0.2 ms is seen at the next tick of the scheduler, 4 ms later. A rate from such a second says nothing beside
/// one from a quiet second. So whoever measures for long asks before and after each step, compares only steps
/// of the same kind and leaves out those between which it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// A flush takes less than a millisecond.
    Fast,
    /// A flush takes a millisecond or more.
    Slow,
}

impl Disk {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Fast, Self::Slow];

    /// Runs a step and tells the disk's kind, `None` when it was not the same before and after.
    pub fn around<T>(
        folder: &Path,
        step: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<(T, Option<Self>), Failure> {
        let kind = || -> Result<Self, Failure> {
            let slow = fsync(folder, 10)?.median() >= Duration::from_millis(1);
            Ok(if slow { Self::Slow } else { Self::Fast })
        };
        let before = kind()?;
        let done = step()?;
        let after = kind()?;
        Ok((done, (before == after).then_some(before)))
    }
}

impl Display for Disk {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Fast => "< 1ms",
            Self::Slow => ">= 1ms",
        })
    }
}

/// One line on the disk and the machine, to stand above every table.
pub fn conditions(folder: &Path) -> Result<String, Failure> {
    let disk = fsync(folder, 200)?;
    let cores = std::thread::available_parallelism()?;
    // Who else uses the cores; absent where there is no procfs.
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.as_deref().and_then(|it| it.split(' ').next()).unwrap_or("unknown");
    Ok(format!(
        "fdatasync of 4 KiB: p50 {}, p99 {}, max {}; {cores} cores, load average {load}",
        time(disk.median()),
        time(disk.percentile(99)),
        time(disk.max()),
    ))
}

/// Processor time that the threads of this process have used, those that have ended left out.
///
/// On a busy machine it is what one can measure: the time on the clock counts the work of others too. Fails where
/// there is no procfs.
pub fn cpu() -> Result<Duration, Failure> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        // A thread that ends meanwhile has no numbers any more.
        let Ok(text) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Bytes of memory that this process has in use. Fails where there is no procfs.
pub fn resident() -> Result<u64, Failure> {
    rollup("Rss:")
}

/// As [`resident`], but of a page that is mapped several times each mapping counts its part alone: what would come free.
pub fn proportional() -> Result<u64, Failure> {
    rollup("Pss:")
}

fn rollup(name: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find(|line| line.starts_with(name)).ok_or("procfs tells no size")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse::<u64>()? * 1024)
}

/// Three digits or so, with a unit.
#[must_use]
pub fn time(duration: Duration) -> String {
    format!("{duration:.2?}")
}

/// A ratio beside what it should at least be.
#[must_use]
pub fn at_least(ratio: f64, target: f64) -> [String; 3] {
    [format!("{ratio:.2}x"), format!(">= {target}x"), verdict(ratio >= target)]
}

/// A duration beside what it should at most be.
#[must_use]
pub fn at_most(duration: Duration, target: Duration) -> [String; 3] {
    [time(duration), format!("<= {target:?}"), verdict(duration <= target)]
}

/// A number beside what it should at most be, in a unit.
#[must_use]
pub fn at_most_of(number: f64, target: f64, unit: &str) -> [String; 3] {
    [format!("{number:.2} {unit}"), format!("<= {target} {unit}"), verdict(number <= target)]
}

/// A rate beside what it should at least be, in a unit.
#[must_use]
pub fn at_least_of(number: f64, target: f64, unit: &str) -> [String; 3] {
    [format!("{number:.0} {unit}"), format!(">= {target:.0} {unit}"), verdict(number >= target)]
}

fn verdict(reached: bool) -> String {
    if reached { "reached" } else { "MISSED" }.to_owned()
}

/// Rows under a head, in columns as wide as their widest cell.
#[derive(Debug, Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these column names.
    #[must_use]
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).to_vec()])
    }

    /// Adds a row; what lacks at its end stays blank.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.push(cells.into_iter().collect());
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column| self.0.iter().filter_map(|row| row.get(column)).map(String::len).max();
        let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
        for row in &self.0 {
            let cells: Vec<_> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(out, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}
