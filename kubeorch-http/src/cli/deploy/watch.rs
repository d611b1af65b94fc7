//! Follows a run to its end, and cancels it when somebody asks to stop.

use std::pin::pin;
use std::time::{Duration, Instant};

use kubeorch_core::Engine;
use kubeorch_core::id::{RunId, WorkflowId};
use kubeorch_core::runs::{Followed, Run, Status};

use super::job::ACTOR;
use super::states::States;
use crate::cli::failure::Failure;
use crate::cli::output::{Progress, Terminal};
use crate::cli::signals::Signals;

/// The run's own deadline ends it; this only bounds one wait.
const WAIT: Duration = Duration::from_hours(1);

/// How often the seconds on a terminal go on.
const TICK: Duration = Duration::from_millis(500);

/// What came of a run.
pub(super) struct End {
    pub(super) run: Run,
    pub(super) states: States,
    pub(super) took: Duration,
    /// Somebody asked to stop.
    pub(super) interrupted: bool,
}

/// Shows every state change until the run has ended. `since` is the number of an event before its first.
pub(super) async fn follow(
    engine: &Engine,
    (workflow, run, since): (WorkflowId, RunId, u64),
    progress: &mut Progress,
    signals: &mut Signals,
    terminal: &mut Terminal,
) -> Result<End, Failure> {
    let started = Instant::now();
    let runs = engine.runs();
    let mut events = runs.follow(&ACTOR, workflow, Some(since)).await?;
    let mut states = States::default();
    let mut interrupted = false;
    let mut tick = tokio::time::interval(TICK);
    let mut end = pin!(runs.wait(&ACTOR, run, WAIT));
    loop {
        tokio::select! {
            ended = &mut end => match ended? {
                run if run.status != Status::Running => {
                    // The end may overtake the last events; the stored states are never behind it.
                    states.settle(&engine.workflows().get(&ACTOR, workflow).await?.graph);
                    for row in states.record(&run) {
                        if let Some(row) = progress.update(row) {
                            terminal.progress(progress, &row);
                        }
                    }
                    terminal.clear();
                    return Ok(End { run, states, took: started.elapsed(), interrupted });
                }
                _ => end.set(runs.wait(&ACTOR, run, WAIT)),
            },
            event = events.next() => {
                progress.elapse(started.elapsed());
                match event? {
                    Followed::Event(event) => {
                        let row = states.event(&event.kind, &event.data).and_then(|row| progress.update(row));
                        if let Some(row) = row {
                            terminal.progress(progress, &row);
                        }
                    }
                    Followed::Resync => states.settle(&events.snapshot().graph),
                }
            }
            _ = tick.tick(), if terminal.is_live() => {
                progress.elapse(started.elapsed());
                terminal.redraw(progress);
            }
            () = signals.asked(), if !interrupted => {
                interrupted = true;
                terminal.note("Stopping the run; press Ctrl-C again to leave at once.");
                runs.cancel(&ACTOR, run).await?;
            }
        }
    }
}
