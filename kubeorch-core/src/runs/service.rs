//! What callers do with plans and runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{oneshot, watch};

use super::execute::{Execution, Stop};
use super::model::{Options, Run, Status, Trigger, Values};
use super::observe::Observer;
use super::plan::{Plan, Planned, Planner, owned};
use super::prepare::{Prepared, prepare};
use super::record::{Recorder, finish};
use super::stream::{Follow, begin};
use super::table::PlanRow;
use super::{Error, alias, table};
use crate::actor::{Action, Actor};
use crate::clusters::{Link, Links};
use crate::engine::{Host, Tasks};
use crate::error::Finding;
use crate::graph::{Graph, Hash};
use crate::id::{RunId, WorkflowId};
use crate::kube::DeleteOptions;
use crate::manifest::Object;
use crate::plugin::NodeTypes;
use crate::store::Query;
use crate::versions::{self, Label};
use crate::workflows::{self, Undeploy, Workflow};

/// What the run engine is made of.
pub(crate) struct Parts {
    pub(crate) host: Host,
    pub(crate) links: Links,
    pub(crate) types: Arc<dyn NodeTypes>,
    pub(crate) tasks: Tasks,
}

/// Everything a run is executed from.
struct Begun {
    actor: Actor,
    workflow: Workflow,
    graph: Graph,
    link: Link,
    prepared: Prepared,
    planned: Planned,
    options: Options,
    /// The nodes that values were given for.
    given: Vec<String>,
}

/// Plans and runs. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    observers: Mutex<HashMap<WorkflowId, Weak<Observer>>>,
    cancels: Mutex<HashMap<RunId, watch::Sender<bool>>>,
}

impl Service {
    pub(crate) fn new(parts: Parts) -> Self {
        let inner = Inner { parts, observers: Mutex::default(), cancels: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Every remark on the saved graph; no cluster is asked.
    pub async fn validate(&self, actor: &Actor, id: WorkflowId) -> Result<Vec<Finding>, crate::Error> {
        let (_, graph) = self.open(actor, Action::Read, id)?;
        Ok(self.prepare(&graph, id).await?.findings)
    }

    /// What a run would do now, with the server's own dry run; nothing changes.
    pub async fn plan(
        &self,
        actor: &Actor,
        id: WorkflowId,
        values: &Values,
        options: &Options,
    ) -> Result<Plan, crate::Error> {
        let (workflow, graph) = self.open(actor, Action::Use, id)?;
        let prepared = self.prepare(&graph, id).await?;
        let (_, planned) = self.plan_all(&workflow, &prepared, values, options).await?;
        Ok(planned.plan)
    }

    /// Snapshots the graph, plans, and begins to execute in the background. Everything that forbids it is
    /// reported at once, before anything is applied.
    pub async fn start(
        &self,
        actor: &Actor,
        id: WorkflowId,
        values: Values,
        options: Options,
    ) -> Result<Run, crate::Error> {
        if self.inner.parts.tasks.stopping() {
            return Err(Error::ShuttingDown.into());
        }
        let (workflow, graph) = self.open(actor, Action::Use, id)?;
        if workflow.status != workflows::Status::Published {
            return Err(Error::NotPublished.into());
        }
        let prepared = self.prepare(&graph, id).await?;
        let (link, planned) = self.plan_all(&workflow, &prepared, &values, &options).await?;
        let given = values.nodes();
        drop(values);
        if planned.plan.findings.iter().any(Finding::is_error) {
            return Err(Error::Findings(planned.plan.findings).into());
        }
        let begun = Begun { actor: *actor, workflow, graph, link, prepared, planned, options, given };
        let (answer, run) = oneshot::channel();
        let service = self.clone();
        // One task from the record to the end: a caller that hangs up cannot leave a run without its executor.
        self.inner.parts.tasks.spawn(async move { service.execute(begun, answer).await });
        run.await.map_err(|_| Error::ShuttingDown)?.map_err(Into::into)
    }

    /// A run with its nodes and log.
    pub async fn get(&self, actor: &Actor, id: RunId) -> Result<Run, crate::Error> {
        Ok(self.load(actor, id)?)
    }

    /// A workflow's newest runs.
    pub async fn list(&self, actor: &Actor, id: WorkflowId, limit: usize) -> Result<Vec<Run>, crate::Error> {
        let listed = self.inner.parts.host.db.read(|reader| {
            workflows::table::open(reader, actor, Action::Read, id)?;
            table::newest(reader, id, limit)
        });
        Ok(listed?)
    }

    /// Waits until a run has ended, at most for `limit`; answers it as it is then.
    pub async fn wait(&self, actor: &Actor, id: RunId, limit: Duration) -> Result<Run, crate::Error> {
        let host = &self.inner.parts.host;
        let mut head = host.db.head();
        let time_up = host.clock.sleep(limit);
        tokio::pin!(time_up);
        loop {
            head.borrow_and_update();
            let run = self.load(actor, id)?;
            if run.status.ended() {
                return Ok(run);
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return Ok(run) },
                () = &mut time_up => return Ok(run),
            }
        }
    }

    /// Asks a run to stop; what it applied stays. Asking twice, or after the end, changes nothing.
    pub async fn cancel(&self, actor: &Actor, id: RunId) -> Result<Run, crate::Error> {
        let run = self.load(actor, id)?;
        self.stop(&run).await?;
        self.wait(actor, id, Duration::from_secs(5)).await
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

    /// Ends what a stopped process left running (contract 5.10).
    pub(crate) async fn recover(&self) -> Result<usize, crate::Error> {
        let db = &self.inner.parts.host.db;
        let left = db.read(|reader| Ok::<_, Error>(reader.list(&Query::by(table::RUNNING))?))?;
        for run in &left {
            let text = "interrupted: the server stopped while it ran; run it again to go on";
            db.write(|tx| finish(tx, run.id, Status::Failed, Some(text))).await?;
        }
        Ok(left.len())
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
            workflows::table::open(reader, actor, Action::Read, run.workflow).map_err(
                |error| match error {
                    workflows::Error::NotFound => Error::NotFound,
                    other => other.into(),
                },
            )?;
            Ok(run)
        })
    }

    async fn prepare(&self, graph: &Graph, id: WorkflowId) -> Result<Prepared, Error> {
        let types = &*self.inner.parts.types;
        prepare(types, &alias::resolved(graph.snapshot(), types), id).await
    }

    async fn link(&self, workflow: &Workflow) -> Result<Link, Error> {
        Ok(self.inner.parts.links.of_workflow(workflow.cluster_id, &workflow.cluster).await?)
    }

    /// Plans; when the graph has errors, answers them together with everything that the cluster says of
    /// the rest, so that one round is enough to mend all.
    async fn plan_all(
        &self,
        workflow: &Workflow,
        prepared: &Prepared,
        values: &Values,
        options: &Options,
    ) -> Result<(Link, Planned), Error> {
        let planned = async {
            let link = self.link(workflow).await?;
            let planned = self.plan_with(&link, workflow, prepared, values, options).await?;
            Ok::<_, Error>((link, planned))
        };
        match (planned.await, prepared.has_errors()) {
            (planned, false) => planned,
            (Ok((_, planned)), true) => Err(Error::Findings(planned.plan.findings)),
            // The graph has to be mended first; what the cluster could not answer now it may answer then.
            (Err(_), true) => Err(Error::Findings(prepared.findings.clone())),
        }
    }

    async fn plan_with(
        &self,
        link: &Link,
        workflow: &Workflow,
        prepared: &Prepared,
        values: &Values,
        options: &Options,
    ) -> Result<Planned, Error> {
        let parts = &self.inner.parts;
        let stranger = |id: &str| {
            let other = id.parse().ok().map(|id| parts.host.db.read(|reader| reader.get::<Workflow>(&id)));
            // A store that does not answer must not make somebody's objects free.
            other.is_some_and(|found: Result<_, crate::store::Error>| {
                found.map_or(true, |other| other.is_some_and(|other| other.owner != workflow.owner))
            })
        };
        let planner = Planner {
            stranger: &stranger,
            cluster: &*link.cluster,
            cluster_name: &workflow.cluster,
            types: &*parts.types,
            workflow: workflow.id,
            values,
            options,
            entropy: &*parts.host.entropy,
        };
        planner.plan(prepared).await
    }

    /// Stores version and run in one transaction. The unique index on active runs refuses a second one.
    async fn begin(&self, begun: &Begun, id: RunId) -> Result<Run, Error> {
        let Begun { actor, workflow, graph, prepared, planned, .. } = begun;
        let plan = &planned.plan;
        let content = content(prepared);
        let host = &self.inner.parts.host;
        let written = host.db.write(|tx| {
            if let Some(active) = table::active(tx, workflow.id)? {
                return Err(Error::Active(active.id));
            }
            let stored = tx.get::<Workflow>(&workflow.id)?.filter(|stored| stored.deleted_at.is_none());
            let mut stored = stored.ok_or(workflows::Error::NotFound)?;
            // Planning took its time: what it was made for must still hold.
            if stored.status != workflows::Status::Published {
                return Err(Error::NotPublished);
            }
            if (stored.cluster_id, &stored.cluster) != (workflow.cluster_id, &workflow.cluster) {
                return Err(workflows::Error::Conflict { current: stored.revision }.into());
            }
            let now = tx.now();
            let label = Label { description: Some(format!("Snapshot for run at {now}")), ..Label::default() };
            let origin = versions::table::Origin {
                author: actor.user(),
                automatic: true,
                run: Some(id),
                ..Default::default()
            };
            let version = versions::table::append(tx, host, workflow.id, graph, label, origin)?;
            stored.current_version = version.seq;
            stored.last_run_at = Some(now);
            tx.put(&stored)?;
            let run = Run {
                id,
                workflow: workflow.id,
                version: version.seq,
                cluster: workflow.cluster.clone(),
                cluster_id: workflow.cluster_id,
                status: Status::Running,
                started_at: now,
                completed_at: None,
                nodes: BTreeMap::new(),
                logs: Vec::new(),
                error: None,
                trigger: Trigger::Manual,
                user: actor.user(),
                plan: Some(plan.hash),
                content: Some(content),
                options: begun.options.clone(),
                given: begun.given.clone(),
                node_count: prepared.nodes.len(),
                attempt: 1,
                asked: None,
                pause: None,
                approvals: Vec::new(),
                kept: None,
            };
            tx.insert(&run)?;
            for (number, operation) in (0..).zip(&plan.operations) {
                tx.insert(&PlanRow { run: id, number, operation: operation.clone() })?;
            }
            let payload = json!({ "run_id": id, "version": version.seq, "plan": run.plan });
            tx.event(workflows::stream(workflow.id), "run_started", &payload)?;
            Ok(run)
        });
        Ok(written.await?.0)
    }

    /// Stores the run, answers it, and executes it to its end.
    async fn execute(self, begun: Begun, answer: oneshot::Sender<Result<Run, Error>>) {
        let host = &self.inner.parts.host;
        let id: RunId = host.ids.next();
        let (cancel, cancelled) = watch::channel(false);
        // Before the record is there, so that a cancel always finds somebody.
        self.inner.cancels.lock().insert(id, cancel);
        let run = match self.begin(&begun, id).await {
            Ok(run) => run,
            Err(error) => {
                self.inner.cancels.lock().remove(&id);
                // The caller may be gone; nothing was stored.
                let _ = answer.send(Err(error));
                return;
            }
        };
        // The caller may be gone; the run goes on.
        let _ = answer.send(Ok(run.clone()));
        let Begun { link, prepared, planned, options, .. } = begun;
        let recorder = Recorder::new(host.clone(), run.id, run.workflow);
        let outcome = async {
            opening_lines(&recorder, &prepared, &planned).await?;
            let observer = self.fresh_observer(run.workflow, &link, &prepared)?;
            let execution = Execution {
                host,
                cluster: &*link.cluster,
                observer: &observer,
                recorder: &recorder,
                prepared: &prepared,
                planned: &planned,
                options: &options,
                cancel: cancelled,
            };
            execution.run().await
        };
        close(&recorder, outcome.await).await;
        self.inner.cancels.lock().remove(&run.id);
    }

    /// Asks the executor of a run to stop; a run that has none any more is ended here.
    async fn stop(&self, run: &Run) -> Result<(), Error> {
        if let Some(cancel) = self.inner.cancels.lock().get(&run.id) {
            cancel.send_replace(true);
            return Ok(());
        }
        let text = "cancelled; nothing was executing it";
        let db = &self.inner.parts.host.db;
        db.write(|tx| finish(tx, run.id, Status::Cancelled, Some(text))).await.map(|_| ())
    }

    /// A new observer for a graph that is about to be applied; whoever looked at the old one keeps it until
    /// it asks again, both write the same states.
    fn fresh_observer(
        &self,
        id: WorkflowId,
        link: &Link,
        prepared: &Prepared,
    ) -> Result<Arc<Observer>, Error> {
        let parts = &self.inner.parts;
        let observer = Observer::start(parts.host.clone(), Arc::clone(&parts.types), link, id, prepared)?;
        let observer = Arc::new(observer);
        let mut observers = self.inner.observers.lock();
        observers.retain(|_, observer| observer.strong_count() > 0);
        observers.insert(id, Arc::downgrade(&observer));
        Ok(observer)
    }

    /// The observer of a workflow that has run, shared by all who follow it.
    async fn observe(&self, workflow: &Workflow) -> Result<Option<Arc<Observer>>, Error> {
        let running = self.inner.observers.lock().get(&workflow.id).and_then(Weak::upgrade);
        if running.is_some() || workflow.last_run_at.is_none() {
            return Ok(running);
        }
        let db = &self.inner.parts.host.db;
        let last = db.read(|reader| {
            let run = table::newest(reader, workflow.id, 1)?.pop();
            run.map(|run| Ok::<_, Error>(versions::table::find(reader, workflow.id, run.version)?))
                .transpose()
        })?;
        let Some(version) = last else { return Ok(None) };
        let prepared = self.prepare(&version.graph, workflow.id).await?;
        let link = self.link(workflow).await?;
        Ok(Some(self.fresh_observer(workflow.id, &link, &prepared)?))
    }
}

/// How long a run that is stopped for an archived or deleted workflow may take to end.
const HALT: Duration = Duration::from_secs(30);

#[async_trait]
impl Undeploy for Service {
    async fn halt(&self, workflow: &Workflow) {
        if let Err(error) = self.halt_run(workflow).await {
            tracing::warn!(workflow = %workflow.id, %error, "a run could not be stopped");
        }
    }

    async fn undeploy(&self, workflow: &Workflow) -> Vec<String> {
        self.halt(workflow).await;
        match self.remove_objects(workflow).await {
            Ok(left) => left,
            Err(error) => vec![format!("the cluster was not cleaned up: {error}")],
        }
    }
}

impl Service {
    async fn halt_run(&self, workflow: &Workflow) -> Result<(), Error> {
        let host = &self.inner.parts.host;
        let mut head = host.db.head();
        let time_up = host.clock.sleep(HALT);
        tokio::pin!(time_up);
        let mut asked = false;
        loop {
            head.borrow_and_update();
            let active = host.db.read(|reader| table::active(reader, workflow.id))?;
            let Some(run) = active else { return Ok(()) };
            if !asked {
                self.stop(&run).await?;
                asked = true;
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return Ok(()) },
                () = &mut time_up => return Ok(()),
            }
        }
    }

    async fn remove_objects(&self, workflow: &Workflow) -> Result<Vec<String>, Error> {
        if workflow.last_run_at.is_none() {
            return Ok(Vec::new());
        }
        let link = self.link(workflow).await?;
        let objects = owned(&*link.cluster, &*self.inner.parts.types, workflow.id).await?;
        let mut left = Vec::new();
        for (retain, object) in objects {
            let key = object.key();
            if retain {
                left.push(format!("{key} was kept because it holds data"));
            } else if let Err(error) = link.cluster.delete(&key, &DeleteOptions::of(&object)).await {
                left.push(format!("{key} could not be removed: {error}"));
            }
        }
        Ok(left)
    }
}

/// What a version renders to, with run-time leaves still open: the same for the same version and the same plugins.
fn content(prepared: &Prepared) -> Hash {
    Hash::of(&prepared.nodes.iter().flat_map(|node| &node.objects).map(Object::to_value).collect())
}

async fn opening_lines(recorder: &Recorder, prepared: &Prepared, planned: &Planned) -> Result<(), Error> {
    let names: Vec<_> = prepared.nodes.iter().map(|node| node.input.id.as_str()).collect();
    recorder
        .log(format!("{} nodes on cluster {}: {}", names.len(), planned.plan.cluster, names.join(" ")))
        .await?;
    for note in &prepared.notes {
        recorder.log(note).await?;
    }
    for finding in &planned.plan.findings {
        recorder.log(format!("warning: {finding}")).await?;
    }
    Ok(())
}

async fn close(recorder: &Recorder, outcome: Result<(), Stop>) {
    let (status, error) = match outcome {
        Ok(()) => (Status::Completed, None),
        Err(Stop::Cancelled) => (Status::Cancelled, Some("cancelled; what was applied stays".to_owned())),
        Err(Stop::Failed(reason)) => (Status::Failed, Some(reason)),
        Err(Stop::Store(error)) => (Status::Failed, Some(error.to_string())),
    };
    if let Err(error) = recorder.finish(status, error).await {
        // The run stays `running` in the store; the next start ends it.
        tracing::error!(run = %recorder.run, %error, "the end of a run could not be stored");
    }
}
