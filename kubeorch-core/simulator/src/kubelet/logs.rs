//! Log lines of simulated containers: what a program of its kind would plausibly say.

use jiff::Timestamp;

use super::container::{End, State};
use super::{Container, Runtime};
use crate::behaviour::Outcome;
use crate::clock::micro_stamp;

/// The number of a run's last words, whatever came before.
const LAST: usize = usize::MAX;

/// The options of `pods/log` the simulator knows.
#[derive(Debug, Default, Clone)]
pub(crate) struct LogOptions {
    pub(crate) container: String,
    pub(crate) tail: Option<usize>,
    pub(crate) timestamps: bool,
    pub(crate) previous: bool,
    pub(crate) follow: bool,
    /// Only lines after this moment.
    pub(crate) since: Option<Timestamp>,
    /// The most bytes to send.
    pub(crate) bytes: Option<usize>,
}

/// A line, with its place in the log of one run of its container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// What one run of a container said so far.
#[derive(Debug, PartialEq)]
pub(crate) struct Log {
    /// When the run began, which tells it from those before and after.
    pub(crate) run: Timestamp,
    pub(crate) lines: Vec<Line>,
    /// Nothing more will come.
    pub(crate) over: bool,
}

/// The log of a container, or why there is none.
pub(crate) fn log(runtime: &Runtime, pod: &str, options: &LogOptions, now: Timestamp) -> Result<Log, String> {
    let Some(container) = runtime.containers.iter().find(|one| one.name == options.container) else {
        return Err(format!("container {} is not valid for pod {pod}", options.container));
    };
    let (run, end) = run(container, pod, options.previous)?;
    let mut lines = said(container, run, end.as_ref().map(|end| (end.code, end.finished)), now);
    lines.retain(|line| options.since.is_none_or(|since| line.at > since));
    let skip = options.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    lines.drain(..skip);
    Ok(Log { run, lines, over: end.is_some() })
}

/// Begin and end of the run a log is of.
fn run(container: &Container, pod: &str, previous: bool) -> Result<(Timestamp, Option<End>), String> {
    let name = &container.name;
    let waiting =
        |why: &str| Err(format!("container \"{name}\" in pod \"{pod}\" is waiting to start: {why}"));
    Ok(if previous {
        match &container.last {
            Some(end) => (end.started, Some(end.clone())),
            None => {
                return Err(format!("previous terminated container \"{name}\" in pod \"{pod}\" not found"));
            }
        }
    } else {
        match (&container.state, &container.last) {
            (State::Running { since }, _) => (*since, None),
            (State::Ended(end), _) | (State::Backoff { .. } | State::Starting { .. }, Some(end)) => {
                (end.started, Some(end.clone()))
            }
            (State::NoImage { first: true, .. }, _) => return waiting("image can't be pulled"),
            (State::NoImage { .. }, _) => return waiting("trying and failing to pull image"),
            (State::NoConfig { .. }, _) => return waiting("CreateContainerConfigError"),
            _ => return waiting("ContainerCreating"),
        }
    })
}

impl Line {
    /// As it is sent.
    pub(crate) fn written(&self, timestamps: bool) -> String {
        if timestamps {
            format!("{} {}\n", micro_stamp(self.at), self.text)
        } else {
            format!("{}\n", self.text)
        }
    }
}

fn said(container: &Container, since: Timestamp, end: Option<(i32, Timestamp)>, now: Timestamp) -> Vec<Line> {
    let line = |number: usize, at: Timestamp, text: String| Line { number, at, text };
    let mut out = vec![line(0, since, format!("{} starting {}", container.name, container.image))];
    match container.outcome {
        Outcome::NeverReady => {
            out.push(line(1, since, "waiting for a dependency that never answers".to_owned()));
        }
        Outcome::OutOfMemory => out.push(line(1, since, "allocating".to_owned())),
        _ => out.push(line(1, since, format!("{} listening", container.name))),
    }
    match end {
        Some((0, at)) => out.push(line(LAST, at, "done".to_owned())),
        // A process that is killed says nothing.
        Some((137, _)) => {}
        Some((code, at)) => {
            out.push(line(LAST, at, format!("fatal: simulated failure, exit code {code}")));
        }
        None => {
            // A sign of life every ten seconds, at most the last hundred.
            let lived = now.duration_since(since).as_secs().max(0) / 10;
            for beat in (lived - 100).max(0)..lived {
                let at = crate::clock::after(
                    since,
                    std::time::Duration::from_secs((beat + 1).unsigned_abs() * 10),
                );
                let number = usize::try_from(beat).unwrap_or_default() + 2;
                out.push(line(number, at, format!("{} alive, beat {}", container.name, beat + 1)));
            }
        }
    }
    out
}
