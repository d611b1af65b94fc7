//! Executes a plan: namespaces, nodes as soon as what they depend on is applied, readiness, prune.
//!
//! There are no waves: a slow branch never delays an independent one. A node's state is durable before its
//! dependents begin. What was applied when a run stops stays. Whatever is asked of a run is done at the next boundary of a
//! node, and in the middle of every wait.

mod apply;
mod prune;
mod recreate;
mod retry;
mod schedule;
mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::model::{NodeState, Options};
use super::observe::Observer;
use super::plan::Planned;
use super::policy::Phase;
use super::prepare::Prepared;
use super::record::Recorder;
use crate::engine::Host;
use crate::kube::{self, Cluster, Operation};
use crate::manifest::Object;
use crate::time::Entropy;

/// What an executor is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// To go on.
    Go,
    /// To hold still.
    Pause,
    /// To end.
    Cancel,
    /// The engine stops; the run goes on with its next start.
    Leave,
}

/// How a run ended early.
pub(super) enum Stop {
    /// It was told to.
    Told(Control),
    /// Something was refused or did not get ready.
    Failed(String),
    /// Values that were given at its start are needed again, by node.
    Values(Vec<String>),
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
    /// How far an earlier executor of the same run came.
    pub(super) before: &'a BTreeMap<String, NodeState>,
    pub(super) control: watch::Receiver<Control>,
}

impl Execution<'_> {
    /// Runs to the end. Hooks are nodes with a phase, and phases are barriers: everything of one is ready before the next
    /// begins. When the run fails, the nodes that are there for that have their turn, and its failure stays what it was.
    pub(super) async fn run(&self) -> Result<(), Stop> {
        let outcome = self.phases().await;
        if let Err(Stop::Failed(reason)) = &outcome {
            let nodes = self.of_phase(Phase::Failed);
            if !nodes.is_empty() {
                self.recorder.log(format!("failed: {reason}; now what is there for that")).await?;
                self.phase(&nodes).await.or_else(|stop| match stop {
                    Stop::Failed(_) => Ok(()),
                    other => Err(other),
                })?;
            }
        }
        outcome
    }

    async fn phases(&self) -> Result<(), Stop> {
        self.namespaces().await?;
        for phase in [Phase::Before, Phase::Main, Phase::After] {
            self.phase(&self.of_phase(phase)).await?;
        }
        self.prune().await
    }

    async fn phase(&self, nodes: &[usize]) -> Result<(), Stop> {
        self.apply_all(nodes).await?;
        self.wait_ready(nodes).await
    }

    fn of_phase(&self, phase: Phase) -> Vec<usize> {
        let policies = self.planned.policies.iter().enumerate();
        policies.filter(|(_, policy)| policy.phase == phase).map(|(at, _)| at).collect()
    }

    /// How long a node may take to be applied, and then to get ready.
    fn patience(&self, at: usize) -> Duration {
        self.planned.policies[at].timeout.unwrap_or(self.options.ready_timeout)
    }

    /// Stops here when something else than going on was asked.
    fn go_on(&self) -> Result<(), Stop> {
        match *self.control.borrow() {
            Control::Go => Ok(()),
            other => Err(Stop::Told(other)),
        }
    }

    fn id(&self, at: usize) -> &str {
        &self.prepared.nodes[at].input.id
    }
}

/// Waits until something else than going on is asked; for ever when nobody is left to ask.
pub(super) async fn told(control: &mut watch::Receiver<Control>) -> Stop {
    match control.wait_for(|control| *control != Control::Go).await.map(|control| *control) {
        Ok(control) => Stop::Told(control),
        Err(_) => std::future::pending().await,
    }
}

/// How long to wait before a plan that failed is tried again, until the run's time is up; `None`: it will not help.
pub(super) fn replan_pause(error: &super::Error, attempt: u32, entropy: &dyn Entropy) -> Option<Duration> {
    match error {
        super::Error::Kube(error) => retry::pause(error, attempt, u32::MAX, entropy),
        _ => None,
    }
}

/// The error with the object's name, once.
fn explain(object: &Object, error: &kube::Error) -> String {
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
