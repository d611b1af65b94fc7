//! Live node states: watches the objects of a graph, judges them, asks the plugins what they mean to people, and notes every
//! change.
//!
//! One observer per workflow, shared by the run that deploys it and everybody who looks. It costs one watch
//! per (kind, namespace, selector), not per node, one on the events of each namespace, and nothing polls. Only nodes whose
//! objects changed are looked at; what changes while a look is under way is one look later. Where a rule knows the kind,
//! readiness waits for a plugin only while few are to be asked.

mod eye;
mod node;
pub(super) mod places;
mod stalls;
mod view;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub(super) use self::view::{NodeView, Views};
use super::prepare::Prepared;
use crate::clusters::Link;
use crate::engine::Host;
use crate::id::WorkflowId;
use crate::kube;
use crate::manifest::{Key, Object};
use crate::plugin::NodeTypes;

/// Follows one workflow's objects while it lives.
pub(super) struct Observer {
    views: watch::Receiver<Views>,
    applied: Arc<Applied>,
    task: JoinHandle<()>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Observer {
    /// Begins to watch everything that the prepared graph renders.
    pub(super) fn start(
        host: Host,
        types: Arc<dyn NodeTypes>,
        link: &Link,
        workflow: WorkflowId,
        prepared: &Prepared,
    ) -> Result<Self, kube::Error> {
        let (publish, views) = watch::channel(Views::default());
        let applied = Arc::new(Applied::default());
        let eye = eye::Eye::new(host, types, link, workflow, prepared, publish, Arc::clone(&applied))?;
        let task = tokio::spawn(eye.run());
        Ok(Self { views, applied, task })
    }

    /// All states, and a wake-up for each change.
    pub(super) fn views(&self) -> watch::Receiver<Views> {
        self.views.clone()
    }

    /// Tells what was just applied: older states of these objects do not count as current.
    pub(super) fn applied(&self, node: &str, objects: &[Object]) {
        let generations = objects.iter().map(|object| (object.key(), generation(object))).collect();
        let mut state = self.applied.state.lock();
        state.generations.insert(node.to_owned(), generations);
        state.news.push(node.to_owned());
        drop(state);
        self.applied.wake.notify_one();
    }
}

/// What was applied last.
#[derive(Default)]
struct Applied {
    state: Mutex<Generations>,
    wake: Notify,
}

#[derive(Default)]
struct Generations {
    /// By node: its objects with their generations.
    generations: HashMap<String, Vec<(Key, i64)>>,
    /// Nodes that were not looked at since.
    news: Vec<String>,
}

fn generation(object: &Object) -> i64 {
    object.pointer("/metadata/generation").and_then(serde_json::Value::as_i64).unwrap_or(0)
}
