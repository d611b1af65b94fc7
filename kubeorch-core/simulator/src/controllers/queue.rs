//! What is to be done now and later.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{
    autoscaler, budgets, claims, cron_job, daemon_set, definitions, deployment, endpoints, garbage, job,
    namespaces, network, replica_set, scheduler, stateful_set,
};
use crate::clock::after;
use crate::core::Core;
use crate::kubelet;

/// Which controller is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Service,
    Ingress,
    Endpoints,
    Claim,
    Namespace,
    Budget,
    Autoscaler,
    Definition,
    /// Find a node for a pod.
    Schedule,
    /// Move a pod along its life.
    Pod,
    /// `name` is the uid of an owner that is gone.
    Orphans,
    /// `namespace` is `RESOURCE/NAMESPACE` of an owner that waits for its dependents.
    Dependents,
}

/// A place a controller is to look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Work {
    pub(crate) task: Task,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Work {
    pub(crate) fn new(task: Task, namespace: &str, name: &str) -> Self {
        Self { task, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// Work in order, each piece once, and timers.
pub(crate) struct Queue {
    ready: VecDeque<Work>,
    queued: HashSet<Work>,
    timers: BTreeMap<(Timestamp, u64), Work>,
    /// What `timers` holds, so that the same timer isn't set twice.
    timed: HashSet<(Timestamp, Work)>,
    sequence: u64,
    wake: Arc<Notify>,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            ready: VecDeque::new(),
            queued: HashSet::new(),
            timers: BTreeMap::new(),
            timed: HashSet::new(),
            sequence: 0,
            wake: Arc::new(Notify::new()),
        }
    }

    /// Tells the engine that there is something to do.
    pub(crate) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    pub(crate) fn push(&mut self, work: Work) {
        if self.queued.insert(work.clone()) {
            self.ready.push_back(work);
            self.wake.notify_one();
        }
    }

    /// Queues work for a later time. An earlier timer for the same place stays: looking once too
    /// often does no harm.
    pub(crate) fn at(&mut self, due: Timestamp, work: Work) {
        if !self.timed.insert((due, work.clone())) {
            return;
        }
        self.sequence += 1;
        self.timers.insert((due, self.sequence), work);
        self.wake.notify_one();
    }

    /// When the next timer is due.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.timers.keys().next().map(|(at, _)| *at)
    }

    fn pop(&mut self, now: Timestamp) -> Option<Work> {
        while let Some(entry) = self.timers.first_entry() {
            let due = entry.key().0;
            if due > now {
                break;
            }
            let work = entry.remove();
            self.timed.remove(&(due, work.clone()));
            self.push(work);
        }
        let work = self.ready.pop_front()?;
        self.queued.remove(&work);
        Some(work)
    }
}

impl Core {
    /// Has a controller look later.
    pub(crate) fn later(&mut self, by: Duration, task: Task, namespace: &str, name: &str) {
        let due = after(self.now(), by);
        self.queue.at(due, Work::new(task, namespace, name));
    }
}

/// Does one piece of work that is due; `false` when there is none.
pub(crate) fn step(core: &mut Core) -> bool {
    let now = core.now();
    let Some(work) = core.queue.pop(now) else { return false };
    let (namespace, name) = (work.namespace.as_str(), work.name.as_str());
    tracing::trace!(task = ?work.task, namespace, name, "reconcile");
    match work.task {
        Task::Deployment => deployment::reconcile(core, namespace, name),
        Task::ReplicaSet => replica_set::reconcile(core, namespace, name),
        Task::StatefulSet => stateful_set::reconcile(core, namespace, name),
        Task::DaemonSet => daemon_set::reconcile(core, namespace, name),
        Task::Job => job::reconcile(core, namespace, name),
        Task::CronJob => cron_job::reconcile(core, namespace, name),
        Task::Service => network::service(core, namespace, name),
        Task::Ingress => network::ingress(core, namespace, name),
        Task::Endpoints => endpoints::reconcile(core, namespace, name),
        Task::Claim => claims::reconcile(core, namespace, name),
        Task::Namespace => namespaces::reconcile(core, name),
        Task::Budget => budgets::reconcile(core, namespace, name),
        Task::Autoscaler => autoscaler::reconcile(core, namespace, name),
        Task::Definition => definitions::reconcile(core, name),
        Task::Schedule => scheduler::reconcile(core, namespace, name),
        Task::Pod => kubelet::reconcile(core, namespace, name),
        Task::Orphans => garbage::collect(core, name),
        Task::Dependents => garbage::dependents(core, namespace, name),
    }
    true
}
