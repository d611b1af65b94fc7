//! What callers do with plans and runs.

mod control;
mod drift;
mod drive;
mod observers;
mod planning;
mod review;
mod seat;
mod start;
mod undeploy;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::execute::Control;
use super::model::{Run, Values};
use super::observe::Observer;
use super::plan::PlannedOperation;
use super::prepare::Cache;
use super::stream::{Follow, begin};
use super::{Error, table};
use crate::actor::{self, Action, Actor, Subject};
use crate::clusters::Links;
use crate::engine::{Host, Tasks};
use crate::graph::Graph;
use crate::id::{RunId, WorkflowId};
use crate::plugin::NodeTypes;
use crate::store::Reader;
use crate::workflows::{self, Workflow};

pub(super) use drift::{Deployed, WeakService};
pub use start::Source;

/// What the run engine is made of.
pub(crate) struct Parts {
    pub(crate) host: Host,
    pub(crate) links: Links,
    pub(crate) types: Arc<dyn NodeTypes>,
    pub(crate) tasks: Tasks,
    /// Who this server is among those that share the store.
    pub(crate) server: String,
}

/// Plans and runs. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    observers: Mutex<HashMap<WorkflowId, Weak<Observer>>>,
    /// The executors of this process.
    seats: Mutex<HashMap<RunId, watch::Sender<Control>>>,
    /// Values of runs that hold still. They are nowhere else, so a stop of the process loses them.
    values: Mutex<HashMap<RunId, Values>>,
    prepared: Cache,
}

impl Service {
    pub(crate) fn new(parts: Parts) -> Self {
        let inner = Inner {
            parts,
            observers: Mutex::default(),
            seats: Mutex::default(),
            values: Mutex::default(),
            prepared: Cache::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A run with its nodes and log.
    pub async fn get(&self, actor: &Actor, id: RunId) -> Result<Run, crate::Error> {
        Ok(self.load(actor, id)?)
    }

    /// The plan that a run began with, in apply order. Empty while there is none, and for runs of releases that did not
    /// keep it.
    pub async fn planned(&self, actor: &Actor, id: RunId) -> Result<Vec<PlannedOperation>, crate::Error> {
        self.load(actor, id)?;
        Ok(self.inner.parts.host.db.read(|reader| table::plan(reader, id))?)
    }

    /// A workflow's newest runs.
    pub async fn list(&self, actor: &Actor, id: WorkflowId, limit: usize) -> Result<Vec<Run>, crate::Error> {
        let listed = self.inner.parts.host.db.read(|reader| {
            workflows::table::open(reader, actor, Action::Read, id)?;
            table::newest(reader, id, limit)
        });
        Ok(listed?)
    }

    /// Waits until a run has ended or holds still, at most for `limit`; answers it as it is then.
    pub async fn wait(&self, actor: &Actor, id: RunId, limit: Duration) -> Result<Run, crate::Error> {
        Ok(self.until(actor, id, limit, |run| run.status != super::Status::Running).await?)
    }

    /// Waits for a state of a run, woken by commits.
    async fn until(
        &self,
        actor: &Actor,
        id: RunId,
        limit: Duration,
        wanted: impl Fn(&Run) -> bool,
    ) -> Result<Run, Error> {
        // Whoever may not see it learns nothing of its end.
        self.load(actor, id)?;
        let host = &self.inner.parts.host;
        let mut head = host.db.head();
        let time_up = host.clock.sleep(limit);
        tokio::pin!(time_up);
        loop {
            head.borrow_and_update();
            // Only the record: a large run has thousands of nodes and lines, and commits as often.
            let run = host.db.read(|reader| reader.get::<Run>(&id))?;
            if run.as_ref().is_none_or(&wanted) {
                return self.load(actor, id);
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return self.load(actor, id) },
                () = &mut time_up => return self.load(actor, id),
            }
        }
    }

    /// Follows a workflow: its state now, then every event. `resume` goes on after an event seen before, if all
    /// after it are still there.
    pub async fn follow(
        &self,
        actor: &Actor,
        id: WorkflowId,
        resume: Option<u64>,
    ) -> Result<Follow, crate::Error> {
        let db = &self.inner.parts.host.db;
        let begin = begin(db, actor, id)?;
        let observer = match self.observe(&begin.snapshot.workflow).await {
            Ok(observer) => observer,
            Err(error) => {
                // The stored state and the event log are worth following without a cluster.
                tracing::warn!(workflow = %id, %error, "live states are not available");
                None
            }
        };
        Ok(Follow::new(db, *actor, begin, resume, observer))
    }

    fn open(&self, actor: &Actor, action: Action, id: WorkflowId) -> Result<(Workflow, Graph), Error> {
        self.inner.parts.host.db.read(|reader| {
            let workflow = workflows::table::open(reader, actor, action, id)?;
            Ok((workflow, workflows::table::graph(reader, id)?))
        })
    }

    fn load(&self, actor: &Actor, id: RunId) -> Result<Run, Error> {
        self.inner.parts.host.db.read(|reader| {
            let run = table::load(reader, id)?.ok_or(Error::NotFound)?;
            permit(reader, actor, Action::Read, &run)?;
            Ok(run)
        })
    }
}

/// Lets the workflow's owner do everything with its runs, and those who were asked to approve one look at it.
fn permit(reader: &Reader<'_>, actor: &Actor, action: Action, run: &Run) -> Result<(), Error> {
    match workflows::table::open(reader, actor, action, run.workflow) {
        Ok(_) => Ok(()),
        Err(workflows::Error::NotFound) => {
            let asked = actor.user().is_some_and(|user| run.options.approvers.contains(&user));
            let workflow = reader.get::<Workflow>(&run.workflow)?.filter(|it| it.deleted_at.is_none());
            if asked && workflow.is_some() {
                let shared = Subject::Shared(actor::Access::Viewer);
                return Ok(actor::allow(actor, action, shared).map_err(workflows::Error::from)?);
            }
            Err(Error::NotFound)
        }
        Err(error) => Err(error.into()),
    }
}
