//! Deploys of 100, 1,000 and 10,000 objects to an API server that takes 2 ms for an answer, beside `kubectl apply
//! --server-side` of the same objects to another one.
//!
//! `cargo bench -p kubeorch-benches --bench deploy [-- FLAGS]`
//!
//! | flag | default | |
//! |---|---|---|
//! | `--times N` | 5 | of each size; of 10,000 objects 3 at most |
//! | `--most N` | 10000 | leaves larger sizes out |
//!
//! Engine, API server and kubectl are processes of their own, and every deploy meets an empty server. Ours is the
//! whole of it: validating, rendering, the plan with the server's dry run, the applies, and the wait until the server
//! says that everything is ready, with each step durable on disk. kubectl only applies. Memory is the engine's
//! process at its largest, plugins and store included. Without kubectl on the path its half is left out.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

mod fleet;
mod kubectl;
mod ours;
mod server;

use std::time::Duration;

use kubeorch_benches::flags;
use kubeorch_benches::measure::{Failure, Sample, Table, at_least, at_most, at_most_of, conditions, time};

use self::ours::Report;
use self::server::Server;

/// Objects, and the longest that their deploy may take.
const SIZES: [(usize, Duration); 3] = [
    (100, Duration::from_millis(100)),
    (1_000, Duration::from_millis(600)),
    (10_000, Duration::from_secs(6)),
];
/// How often kubectl's time is ours.
const KUBECTL: f64 = 8.0;
/// A deploy of 1,000 objects that are there already.
const UNCHANGED: Duration = Duration::from_millis(150);
/// MB at 10,000 objects.
const MEMORY: f64 = 100.0;

fn main() -> Result<(), Failure> {
    match flags::value::<String>("--part")?.as_deref() {
        Some("server") => return server::run(),
        Some("ours") => return ours::run(),
        _ => {}
    }
    let measuring = flags::measuring();
    let times = flags::value("--times")?.unwrap_or(if measuring { 5 } else { 1 });
    let most = flags::value("--most")?.unwrap_or(if measuring { 10_000 } else { 100 });
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let before = conditions(folder.path())?;
    let mut table = Table::new(["", "kubectl", "", "target", ""]);
    for (objects, target) in SIZES.into_iter().filter(|(objects, _)| *objects <= most) {
        let times = if objects > 1_000 { times.min(3) } else { times };
        size(objects, target, times, &mut table)?;
    }
    println!("\n{table}");
    println!("before: {before}\nafter:  {}", conditions(folder.path())?);
    Ok(())
}

fn size(objects: usize, target: Duration, times: usize, table: &mut Table) -> Result<(), Failure> {
    let (mut reports, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let server = Server::start(objects)?;
        reports.push(Report::of(&server.url, objects)?);
        let manifests = server.manifests()?;
        drop(server);
        if let Some(took) = kubectl::apply(&Server::start(objects)?, &manifests)? {
            theirs.push(took);
        }
    }
    let sample = |of: fn(&Report) -> Duration| reports.iter().map(of).collect::<Sample>();
    let (ours, again) = (sample(|one| one.deploy), sample(|one| one.again));
    let theirs: Sample = theirs.into_iter().collect();
    let kubectl = if theirs.max().is_zero() { "not there".to_owned() } else { time(theirs.median()) };
    let name = |what: &str| format!("{objects} objects{what}");
    let row = |table: &mut Table, name: String, kubectl: String, cells: [String; 3]| {
        table.row([name, kubectl].into_iter().chain(cells));
    };
    row(table, name(""), kubectl, at_most(ours.median(), target));
    if !theirs.max().is_zero() {
        let ratio = theirs.median().as_secs_f64() / ours.median().as_secs_f64();
        row(table, name(", kubectl by ours"), String::new(), at_least(ratio, KUBECTL));
    }
    let unchanged = match objects {
        1_000 => at_most(again.median(), UNCHANGED),
        _ => [time(again.median()), String::new(), String::new()],
    };
    row(table, name(", unchanged"), String::new(), unchanged);
    let peak = reports.iter().map(Report::peak_mb).fold(0.0, f64::max);
    let memory = match objects {
        10_000 => at_most_of(peak, MEMORY, "MB"),
        _ => [format!("{peak:.2} MB"), String::new(), String::new()],
    };
    row(table, name(", memory"), String::new(), memory);
    Ok(())
}
