//! Applying: namespaces, then every node when its turn has come.

use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};

use super::schedule::{Item, Schedule};
use super::{Execution, Stop, explain, retry, told, word};
use crate::kube::{self, ApplyOptions, Operation};
use crate::manifest::Object;
use crate::runs::MANAGER;
use crate::runs::inventory::AppliedStep;
use crate::runs::model::{AppliedObject, NodePhase};
use crate::runs::plan::{Action, Known, Step};
use crate::runs::record::{NodeNote, Note, applied};

/// How many nodes are on their way at most. The cluster's client bounds what reaches the server; this bounds memory.
const PARALLEL: usize = 256;

/// An object on its way.
struct Call<'a> {
    object: &'a Object,
    force: bool,
    known: Option<kube::Known>,
    /// No repetition begins later.
    patience: Duration,
    retries: u32,
}

/// Why an object was not applied.
pub(super) enum Refused {
    /// By the server, or after all attempts.
    Told(String),
    /// The run stops, or its record does.
    Stop(Stop),
}

impl Execution<'_> {
    /// Makes the namespaces that are missing.
    pub(super) async fn namespaces(&self) -> Result<(), Stop> {
        for namespace in &self.planned.namespaces {
            self.go_on()?;
            let call = Call {
                object: namespace,
                force: false,
                known: None,
                patience: self.options.ready_timeout,
                retries: self.options.retries,
            };
            match self.apply(None, &call).await {
                Ok((_, operation)) => {
                    self.recorder.log(format!("{}: {}", namespace.key(), word(operation))).await?;
                }
                Err(Refused::Told(text)) => return Err(Stop::Failed(text)),
                Err(Refused::Stop(stop)) => return Err(stop),
            }
        }
        Ok(())
    }

    /// Applies a part of the nodes.
    pub(super) async fn apply_all(&self, part: &[usize]) -> Result<(), Stop> {
        let items: Vec<_> = self
            .prepared
            .nodes
            .iter()
            .map(|node| Item { id: &node.input.id, rank: node.info.rank, after: &node.after })
            .collect();
        let mut schedule = Schedule::new(&items, part);
        let mut under_way = FuturesUnordered::new();
        let mut stop = None;
        loop {
            stop = stop.or(self.go_on().err());
            while stop.is_none() && under_way.len() < PARALLEL {
                let Some(at) = schedule.next() else { break };
                under_way.push(async move { (at, self.node(at).await) });
            }
            // What is under way when a run stops is finished and noted, never torn.
            let Some((at, result)) = under_way.next().await else { break };
            match result {
                Ok(()) => schedule.done(at),
                Err(error) => stop = stop.or(Some(error)),
            }
        }
        stop.map_or(Ok(()), Err)
    }

    async fn node(&self, at: usize) -> Result<(), Stop> {
        let id = self.id(at);
        let Some(steps) = &self.planned.steps[at] else {
            let message = "left out: it has no values and nothing uses it".to_owned();
            let line = format!("{id}: {message}");
            let node = NodeNote {
                node: id,
                status: Some(NodePhase::Warning),
                message: Some(message),
                ..NodeNote::default()
            };
            return Ok(self.recorder.note(Note::default().line(line).node(node)).await?);
        };
        if self.is_done(at, steps) {
            let objects: Vec<_> = steps.iter().map(|step| step.object.clone()).collect();
            self.observer.applied(id, &objects);
            return Ok(());
        }
        let attempts = self.before.get(id).map_or(0, |state| state.attempts) + 1;
        let begins = NodeNote {
            node: id,
            status: Some(NodePhase::Applying),
            applied: Some(Vec::new()),
            attempts: Some(attempts),
            ..NodeNote::default()
        };
        self.recorder.note(Note::default().node(begins)).await?;
        self.steps(at, steps, attempts).await
    }

    /// Applies a node's objects in their order; its last state and their lines are one transaction.
    async fn steps(&self, at: usize, steps: &[Step], mut attempts: u32) -> Result<(), Stop> {
        let id = self.id(at);
        let mut done: Vec<AppliedObject> = Vec::with_capacity(steps.len());
        let mut objects = Vec::with_capacity(steps.len());
        let mut tracked = Vec::with_capacity(steps.len());
        let (rank, keep) = (self.prepared.nodes[at].info.rank, self.planned.policies[at].keep);
        let mut note = Note::default();
        for step in steps {
            match self.step(at, step, &mut attempts).await {
                Ok((object, operation)) => {
                    note = note.line(format!("{}: {}", object.key(), word(operation)));
                    done.push(applied(&object, operation));
                    tracked.extend(AppliedStep::new(step, rank, keep, &object));
                    objects.push(object);
                }
                Err(Refused::Told(text)) => {
                    let failed = NodeNote {
                        node: id,
                        status: Some(NodePhase::Failed),
                        applied: Some(done),
                        tracked,
                        error: Some(text.clone()),
                        ..NodeNote::default()
                    };
                    self.recorder.note(note.line(&text).node(failed)).await?;
                    return Err(Stop::Failed(text));
                }
                Err(Refused::Stop(stop)) => {
                    // It stays `applying`: whoever goes on begins with it.
                    let torn = NodeNote { node: id, applied: Some(done), tracked, ..NodeNote::default() };
                    self.recorder.note(note.node(torn)).await?;
                    return Err(stop);
                }
            }
        }
        let waits = NodeNote {
            node: id,
            status: Some(NodePhase::Waiting),
            applied: Some(done),
            tracked,
            ..NodeNote::default()
        };
        self.recorder.note(note.node(waits)).await?;
        self.observer.applied(id, &objects);
        Ok(())
    }

    /// Whether an earlier executor of this run applied the node and nothing changed since.
    fn is_done(&self, at: usize, steps: &[Step]) -> bool {
        let applied = self
            .before
            .get(self.id(at))
            .is_some_and(|state| matches!(state.status, NodePhase::Waiting | NodePhase::Completed));
        applied && steps.iter().all(|step| step.action == Action::Unchanged)
    }

    async fn step(&self, at: usize, step: &Step, attempts: &mut u32) -> Result<(Object, Operation), Refused> {
        // Nothing would change: no call is needed to know it.
        if let Some(live) = &step.live {
            return Ok((live.clone(), Operation::Unchanged));
        }
        if let Some(uid) = &step.recreate {
            self.remove(at, &step.object, uid).await?;
        }
        let known = match &step.known {
            _ if step.recreate.is_some() => Some(kube::Known::Absent),
            Known::Absent => Some(kube::Known::Absent),
            Known::At(version) => Some(kube::Known::At(version.clone())),
            Known::Unread => None,
        };
        let call = Call {
            object: &step.object,
            force: step.force,
            known,
            patience: self.patience(at),
            retries: self.planned.policies[at].retries.unwrap_or(self.options.retries),
        };
        self.apply(Some((self.id(at), attempts)), &call).await
    }

    /// Applies an object; repeats what may succeed later, and says so in the record of the node. What the run is told
    /// meanwhile ends the pauses between calls, never a call.
    async fn apply(
        &self,
        mut node: Option<(&str, &mut u32)>,
        call: &Call<'_>,
    ) -> Result<(Object, Operation), Refused> {
        let Call { object, force, .. } = *call;
        let known = call.known.clone();
        let options = ApplyOptions { manager: MANAGER.into(), force, known, ..ApplyOptions::default() };
        let deadline = self.host.clock.now().plus(call.patience);
        let mut control = self.control.clone();
        let mut attempt = 1;
        loop {
            let error = match self.cluster.apply(object, &options).await {
                Ok(applied) => return Ok((applied.object, applied.operation)),
                Err(error) => error,
            };
            let text = explain(object, &error);
            let pause = retry::pause(&error, attempt, call.retries, &*self.host.entropy)
                .filter(|pause| self.host.clock.now().plus(*pause) < deadline);
            let Some(pause) = pause else { return Err(Refused::Told(text)) };
            self.note_retry(node.as_mut(), &text, pause).await.map_err(Refused::Stop)?;
            tokio::select! {
                () = self.host.clock.sleep(pause) => {}
                stop = told(&mut control) => return Err(Refused::Stop(stop)),
            }
            attempt += 1;
        }
    }

    async fn note_retry(
        &self,
        node: Option<&mut (&str, &mut u32)>,
        text: &str,
        pause: Duration,
    ) -> Result<(), Stop> {
        let again = format!("{text}; again in {:.1} s", pause.as_secs_f64());
        let mut note = Note::default().line(&again);
        if let Some((id, attempts)) = node {
            **attempts += 1;
            note = note.node(NodeNote {
                node: id,
                message: Some(again),
                attempts: Some(**attempts),
                ..NodeNote::default()
            });
        }
        Ok(self.recorder.note(note).await?)
    }
}
