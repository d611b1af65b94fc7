//! Executes a plan: namespaces, nodes as soon as what they depend on is applied, readiness, prune.
//!
//! There are no waves: a slow branch never delays an independent one. A node's state is durable before its
//! dependents begin. What was applied when a run fails or is cancelled stays.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::MANAGER;
use super::model::{AppliedObject, NodePhase, Options};
use super::observe::{NodeView, Observer, Views};
use super::plan::{Action, Planned, Step};
use super::prepare::Prepared;
use super::ready::Phase;
use super::record::{Recorder, applied};
use crate::engine::Host;
use crate::kube::{self, ApplyOptions, Cluster, DeleteOptions, Operation};
use crate::manifest::Object;
use crate::time::Time;

/// How many nodes are applied side by side; the client bounds what reaches the server.
const PARALLEL: usize = 16;

/// How a run ended early.
pub(super) enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// Something was refused or did not get ready.
    Failed(String),
    /// The record could not be written.
    Store(super::Error),
}

impl From<super::Error> for Stop {
    fn from(error: super::Error) -> Self {
        Self::Store(error)
    }
}

/// One execution.
pub(super) struct Execution<'a> {
    pub(super) host: &'a Host,
    pub(super) cluster: &'a dyn Cluster,
    pub(super) observer: &'a Arc<Observer>,
    pub(super) recorder: &'a Recorder,
    pub(super) prepared: &'a Prepared,
    pub(super) planned: &'a Planned,
    pub(super) options: &'a Options,
    pub(super) cancel: watch::Receiver<bool>,
}

impl Execution<'_> {
    /// Runs to the end.
    pub(super) async fn run(&self) -> Result<(), Stop> {
        for namespace in &self.planned.namespaces {
            let done = self.apply(namespace, false).await.map_err(|error| failed(namespace, &error))?;
            self.recorder.log(format!("{}: {}", namespace.key(), word(done.1))).await?;
        }
        self.apply_all().await?;
        self.wait_ready().await?;
        self.prune().await
    }

    async fn apply_all(&self) -> Result<(), Stop> {
        let nodes = &self.prepared.nodes;
        let mut waiting: Vec<usize> = nodes.iter().map(|node| node.after.len()).collect();
        let mut dependents = vec![Vec::new(); nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            node.after.iter().for_each(|&first| dependents[first].push(at));
        }
        let mut ready: std::collections::BTreeSet<(i32, &str, usize)> = std::collections::BTreeSet::new();
        let entry = |at: usize| (nodes[at].info.rank, nodes[at].input.id.as_str(), at);
        ready.extend((0..nodes.len()).filter(|&at| waiting[at] == 0).map(entry));
        let mut under_way = FuturesUnordered::new();
        let mut stop = None;
        loop {
            if stop.is_none() && *self.cancel.borrow() {
                stop = Some(Stop::Cancelled);
            }
            while stop.is_none() && under_way.len() < PARALLEL {
                let Some((_, _, at)) = ready.pop_first() else { break };
                under_way.push(async move { (at, self.node(at).await) });
            }
            // What is under way when a run stops is finished and noted, never torn.
            let Some((at, result)) = under_way.next().await else { break };
            match result {
                Ok(()) => {
                    for &next in &dependents[at] {
                        waiting[next] -= 1;
                        if waiting[next] == 0 {
                            ready.insert(entry(next));
                        }
                    }
                }
                Err(error) => stop = stop.or(Some(error)),
            }
        }
        stop.map_or(Ok(()), Err)
    }

    async fn node(&self, at: usize) -> Result<(), Stop> {
        let node = &self.prepared.nodes[at];
        let id = node.input.id.as_str();
        let Some(steps) = &self.planned.steps[at] else {
            let message = "left out: it has no values and nothing uses it".to_owned();
            self.recorder.log(format!("{id}: {message}")).await?;
            self.recorder.node(id, NodePhase::Warning, Vec::new(), None, Some(message)).await?;
            return Ok(());
        };
        self.recorder.node(id, NodePhase::Applying, Vec::new(), None, None).await?;
        let mut done: Vec<AppliedObject> = Vec::with_capacity(steps.len());
        let mut objects = Vec::with_capacity(steps.len());
        for step in steps {
            match self.apply(&step.object, self.forced(step)).await {
                Ok((object, operation)) => {
                    self.recorder.log(format!("{}: {}", object.key(), word(operation))).await?;
                    done.push(applied(&object, operation));
                    objects.push(object);
                }
                Err(error) => {
                    let text = told(&step.object, &error);
                    self.recorder.log(&text).await?;
                    self.recorder.node(id, NodePhase::Failed, done, Some(text), None).await?;
                    return Err(failed(&step.object, &error));
                }
            }
        }
        self.recorder.node(id, NodePhase::Waiting, done, None, None).await?;
        self.observer.applied(id, &objects);
        Ok(())
    }

    /// The plan was made with the same answer; an object that appeared since is not taken over.
    fn forced(&self, step: &Step) -> bool {
        self.options.force || (self.options.adopt && step.action != Action::Create)
    }

    async fn apply(&self, object: &Object, force: bool) -> Result<(Object, Operation), kube::Error> {
        let options = ApplyOptions { manager: MANAGER.into(), force, ..ApplyOptions::default() };
        let applied = self.cluster.apply(object, &options).await?;
        Ok((applied.object, applied.operation))
    }

    /// Waits until every node is ready, one says for the whole grace that it will not be, or time is up.
    async fn wait_ready(&self) -> Result<(), Stop> {
        let mut views = self.observer.views();
        let mut cancel = self.cancel.clone();
        let deadline = self.host.ids.now().plus(self.options.ready_timeout);
        let mut wait = Waiting { failing: Vec::new(), done: vec![false; self.prepared.nodes.len()] };
        loop {
            let now = self.host.ids.now();
            let seen = Views::clone(&views.borrow_and_update());
            self.note_ready(&mut wait, &seen).await?;
            if wait.done.iter().all(|done| *done) {
                return Ok(());
            }
            if *cancel.borrow_and_update() {
                return Err(Stop::Cancelled);
            }
            let next = self.judge(&mut wait, &seen, now, deadline).await?;
            tokio::select! {
                changed = views.changed() => {
                    if changed.is_err() {
                        return Err(Stop::Failed("live states are no longer followed".into()));
                    }
                }
                _ = cancel.changed() => {}
                () = self.host.clock.sleep(next.since(now).max(Duration::from_millis(1))) => {}
            }
        }
    }

    async fn note_ready(&self, wait: &mut Waiting, views: &Views) -> Result<(), Stop> {
        for (at, node) in self.prepared.nodes.iter().enumerate() {
            if wait.done[at] {
                continue;
            }
            let left_out = self.planned.steps[at].as_ref().is_none_or(Vec::is_empty);
            let view = views.get(&node.input.id);
            let ready = view.is_some_and(|view| view.current && view.readiness.phase == Phase::Ready);
            if left_out || ready {
                wait.done[at] = true;
            }
            if ready && !left_out {
                let message = view.map_or("", |view| view.status.message());
                self.recorder.log(format!("{}: ready {message}", node.input.id)).await?;
                self.recorder.phase(&node.input.id, NodePhase::Completed).await?;
            }
        }
        Ok(())
    }

    /// Fails when it is time to; else says until when to wait for news.
    async fn judge(
        &self,
        wait: &mut Waiting,
        views: &Views,
        now: Time,
        deadline: Time,
    ) -> Result<Time, Stop> {
        let mut still = Vec::new();
        let mut next = deadline;
        for (at, node) in self.prepared.nodes.iter().enumerate().filter(|(at, _)| !wait.done[*at]) {
            let view = views.get(&node.input.id).filter(|view| view.current);
            let Some(view) = view.filter(|view| view.readiness.phase == Phase::Failed) else { continue };
            let since = wait.failing.iter().find(|(other, _)| *other == at).map_or(now, |(_, since)| *since);
            still.push((at, since));
            let end = since.plus(self.options.failure_grace);
            if end <= now {
                let reason = explain(&node.input.id, view);
                self.recorder.log(&reason).await?;
                self.recorder.phase(&node.input.id, NodePhase::Failed).await?;
                return Err(Stop::Failed(reason));
            }
            next = next.min(end);
        }
        wait.failing = still;
        if deadline <= now {
            let late: Vec<_> = self
                .prepared
                .nodes
                .iter()
                .enumerate()
                .filter(|(at, _)| !wait.done[*at])
                .map(|(_, node)| match views.get(&node.input.id) {
                    Some(view) => explain(&node.input.id, view),
                    None => format!("{}: nothing is known of it", node.input.id),
                })
                .collect();
            let seconds = self.options.ready_timeout.as_secs();
            return Err(Stop::Failed(format!("not ready within {seconds} s: {}", late.join("; "))));
        }
        Ok(next)
    }

    async fn prune(&self) -> Result<(), Stop> {
        for (key, uid) in &self.planned.removals {
            if *self.cancel.borrow() {
                return Err(Stop::Cancelled);
            }
            let options = DeleteOptions { uid: uid.clone(), ..DeleteOptions::default() };
            match self.cluster.delete(key, &options).await {
                Ok(_) => self.recorder.log(format!("{key}: removed, no longer in the graph")).await?,
                Err(error) => return Err(Stop::Failed(format!("{key} could not be removed: {error}"))),
            }
        }
        Ok(())
    }
}

struct Waiting {
    /// Which nodes say that they will not get ready, and since when.
    failing: Vec<(usize, Time)>,
    done: Vec<bool>,
}

/// `web: ImagePullBackOff (Pod/web-1): image not found`.
fn explain(node: &str, view: &NodeView) -> String {
    let reason = view.status.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let object = view.status.object.as_deref().map(|object| format!(" ({object})")).unwrap_or_default();
    format!("{node}{reason}{object}: {}", view.status.message())
}

fn failed(object: &Object, error: &kube::Error) -> Stop {
    Stop::Failed(told(object, error))
}

/// The error with the object's name, once.
fn told(object: &Object, error: &kube::Error) -> String {
    let (key, text) = (object.key().to_string(), error.to_string());
    if text.contains(&key) { text } else { format!("{key}: {text}") }
}

fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Created => "created",
        Operation::Updated => "updated",
        Operation::Unchanged => "unchanged",
        Operation::Deleted => "deleted",
    }
}
