//! Log lines of simulated containers: what a program of its kind would plausibly say.

use jiff::Timestamp;

use super::container::State;
use super::{Container, Runtime};
use crate::behaviour::Outcome;
use crate::clock::micro_stamp;

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
}

/// The lines of a container so far, or why there are none.
pub(crate) fn lines(runtime: &Runtime, options: &LogOptions, now: Timestamp) -> Result<Vec<String>, String> {
    let Some(container) = runtime.containers.iter().find(|one| one.name == options.container) else {
        return Err(format!("container {} is not valid", options.container));
    };
    let name = &container.name;
    let (since, end) = if options.previous {
        match &container.last {
            Some(end) => (end.started, Some(end.clone())),
            None => return Err(format!("previous terminated container \"{name}\" not found")),
        }
    } else {
        match (&container.state, &container.last) {
            (State::Running { since }, _) => (*since, None),
            (State::Ended(end), _) | (State::Backoff { .. } | State::Starting { .. }, Some(end)) => {
                (end.started, Some(end.clone()))
            }
            (State::NoImage { .. }, _) => {
                return Err(format!(
                    "container \"{name}\" is waiting to start: trying and failing to pull image"
                ));
            }
            (State::NoConfig { .. }, _) => {
                return Err(format!("container \"{name}\" is waiting to start: CreateContainerConfigError"));
            }
            _ => return Err(format!("container \"{name}\" is waiting to start: ContainerCreating")),
        }
    };
    let mut all = said(container, since, end.as_ref().map(|end| (end.code, end.finished)), now);
    all.retain(|(at, _)| options.since.is_none_or(|since| *at > since));
    let skip = options.tail.map_or(0, |tail| all.len().saturating_sub(tail));
    Ok(all
        .into_iter()
        .skip(skip)
        .map(|(at, line)| if options.timestamps { format!("{} {line}", micro_stamp(at)) } else { line })
        .collect())
}

fn said(
    container: &Container,
    since: Timestamp,
    end: Option<(i32, Timestamp)>,
    now: Timestamp,
) -> Vec<(Timestamp, String)> {
    let mut out = vec![(since, format!("{} starting {}", container.name, container.image))];
    match container.outcome {
        Outcome::NeverReady => out.push((since, "waiting for a dependency that never answers".to_owned())),
        Outcome::OutOfMemory => out.push((since, "allocating".to_owned())),
        _ => out.push((since, format!("{} listening", container.name))),
    }
    match end {
        Some((0, at)) => out.push((at, "done".to_owned())),
        // A process that is killed says nothing.
        Some((137, _)) => {}
        Some((code, at)) => out.push((at, format!("fatal: simulated failure, exit code {code}"))),
        None => {
            // A sign of life every ten seconds, at most the last hundred.
            let lived = now.duration_since(since).as_secs().max(0) / 10;
            for beat in (lived - 100).max(0)..lived {
                let at = crate::clock::after(
                    since,
                    std::time::Duration::from_secs((beat + 1).unsigned_abs() * 10),
                );
                out.push((at, format!("{} alive, beat {}", container.name, beat + 1)));
            }
        }
    }
    out
}
