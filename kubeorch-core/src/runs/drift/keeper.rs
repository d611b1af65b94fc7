//! Which workflows are watched: follows the event log, and begins and ends watchers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::Options;
use super::guard::Guard;
use super::report::report;
use super::watcher::{Shared, watch as watch_one};
use crate::engine::Host;
use crate::id::{RunId, WorkflowId};
use crate::runs::Error;
use crate::runs::service::WeakService;
use crate::store::{self, Event, Query};
use crate::workflows::{Drift, Workflow};

/// How many workflows are rendered or asked about at one time.
const TURNS: usize = 4;

/// How many workflows are read at one time.
const PAGE: usize = 256;

/// Events of a workflow after which its watch may have to begin, end or begin anew.
const TURNING: [&str; 7] = [
    "run_finished",
    "run_paused",
    "run_started",
    "workflow_changed",
    "workflow_deleted",
    "workflow_restored",
    "workflow_status",
];

/// A running watch.
struct Entry {
    /// The run that it compares with, and the newest run of all, heals included.
    runs: (RunId, RunId),
    task: AbortHandle,
}

/// Keeps the watches of an engine.
pub(in crate::runs) struct Keeper {
    shared: Shared,
    stopped: watch::Receiver<bool>,
    entries: BTreeMap<WorkflowId, Entry>,
    /// Guards outlive the watches that a heal ends.
    guards: BTreeMap<WorkflowId, (RunId, Arc<Mutex<Guard>>)>,
    tasks: JoinSet<()>,
    full: bool,
}

impl Keeper {
    /// `service` and `stopped` keep nothing alive.
    pub(in crate::runs) fn new(
        host: Host,
        service: WeakService,
        stopped: watch::Receiver<bool>,
        options: Options,
    ) -> Self {
        let shared = Shared { host, service, options, turns: Arc::new(Semaphore::new(TURNS)) };
        Self {
            shared,
            stopped,
            entries: BTreeMap::new(),
            guards: BTreeMap::new(),
            tasks: JoinSet::new(),
            full: false,
        }
    }

    /// Until the engine stops or is dropped.
    pub(in crate::runs) async fn run(mut self) {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = self.follow() => {}
        }
    }

    async fn follow(&mut self) {
        loop {
            // Before everything is read, so that no event falls between.
            let now = self.shared.host.db.read(|reader| Ok::<_, Error>(reader.seq()));
            let Ok(now) = now else { return };
            self.all().await;
            let mut feed = self.shared.host.db.feed(now, Some("workflow:"));
            loop {
                match feed.next().await {
                    Ok(events) => {
                        for workflow in turned(&events) {
                            self.turn(workflow).await;
                        }
                    }
                    // Retention was faster: look at everything again.
                    Err(store::Error::Trimmed { .. }) => break,
                    Err(error) => {
                        tracing::warn!(%error, "drift is not watched any more");
                        return;
                    }
                }
            }
        }
    }

    async fn all(&mut self) {
        let mut query = Query::<Workflow>::all().limit(PAGE);
        loop {
            let read = self.shared.host.db.read(|reader| Ok::<_, Error>(reader.list(&query)?));
            let Ok(workflows) = read else { return };
            let Some(last) = workflows.last() else { return };
            query = Query::all().after(&last.id).limit(PAGE);
            for workflow in &workflows {
                self.turn(workflow.id).await;
            }
        }
    }

    /// Begins, ends or renews a watch by what is stored now.
    async fn turn(&mut self, id: WorkflowId) {
        while self.tasks.try_join_next().is_some() {}
        let Some(service) = self.shared.service.upgrade() else { return };
        let deployed = match service.deployed(id) {
            Ok(deployed) => deployed,
            Err(error) => {
                tracing::warn!(workflow = %id, %error, "drift of a workflow is not watched");
                return;
            }
        };
        drop(service);
        let Some(deployed) = deployed else {
            self.end(id);
            return;
        };
        if deployed.busy {
            self.end(id);
            return;
        }
        if !deployed.watched {
            self.end(id);
            self.guards.remove(&id);
            self.forget(id, deployed.run.id).await;
            return;
        }
        let runs = (deployed.run.id, deployed.newest);
        if self.entries.get(&id).is_some_and(|entry| entry.runs == runs) {
            return;
        }
        self.end(id);
        if self.entries.len() >= self.shared.options.workflows {
            if !std::mem::replace(&mut self.full, true) {
                let workflows = self.shared.options.workflows;
                tracing::warn!(
                    workflows,
                    "as many workflows are watched for drift as may; the others are not"
                );
            }
            return;
        }
        let guard = match self.guards.get(&id) {
            Some((run, guard)) if *run == deployed.run.id => Arc::clone(guard),
            _ => Arc::default(),
        };
        self.guards.insert(id, (deployed.run.id, Arc::clone(&guard)));
        let task = self.tasks.spawn(watch_one(self.shared.clone(), deployed, guard));
        self.entries.insert(id, Entry { runs, task });
    }

    fn end(&mut self, id: WorkflowId) {
        if let Some(entry) = self.entries.remove(&id) {
            entry.task.abort();
        }
    }

    /// Nothing is compared any more, so nothing is told.
    async fn forget(&self, id: WorkflowId, run: RunId) {
        let host = &self.shared.host;
        let there = host.db.read(|reader| Ok::<_, Error>(reader.contains::<Drift>(&id)?));
        if there.unwrap_or(false)
            && let Err(error) = report(host, id, run, &[]).await
        {
            tracing::warn!(workflow = %id, %error, "drift could not be noted");
        }
    }
}

/// The workflows whose watches the events may change.
fn turned(events: &[Event]) -> BTreeSet<WorkflowId> {
    events
        .iter()
        .filter(|event| TURNING.contains(&event.kind.as_str()))
        .filter_map(|event| event.stream.strip_prefix("workflow:")?.parse().ok())
        .collect()
}
