//! What callers do with workflows.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::drift::Drift;
use super::model::{Change, Full, New, Save, Status, Updated, WorkingCopy};
use super::{Error, Workflow, edit, table};
use crate::actor::{Action, Actor, Denied, Subject, allow};
use crate::clusters;
use crate::engine::Host;
use crate::graph::Graph;
use crate::id::{ProjectId, Raw, UserId, WorkflowId};
use crate::projects;
use crate::store::{Reader, Tx};
use crate::versions::{self, Label};

/// Removes what a workflow deployed; the run engine implements it.
#[async_trait]
pub trait Undeploy: Send + Sync + 'static {
    /// Stops a run that is under way and waits for its end.
    async fn halt(&self, workflow: &Workflow);

    /// Halts, then removes the workflow's objects, except those that hold data; answers what stays and why.
    async fn undeploy(&self, workflow: &Workflow) -> Vec<String>;
}

/// Workflows. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(super) host: Host,
    undeploy: Arc<dyn Undeploy>,
}

impl Service {
    pub(crate) fn new(host: Host, undeploy: Arc<dyn Undeploy>) -> Self {
        Self { host, undeploy }
    }

    /// Makes a draft without nodes, with version 1 ("Initial version").
    pub async fn create(&self, actor: &Actor, new: New) -> Result<Full, crate::Error> {
        let id = self.host.ids.next();
        Ok(self
            .host
            .db
            .write(|tx| self.insert(tx, actor, id, &new, Graph::default(), Status::Draft))
            .await?
            .0)
    }

    /// Makes or replaces the workflow of a given id and publishes it: for files and other callers that name
    /// their workflows themselves.
    pub async fn put(
        &self,
        actor: &Actor,
        id: WorkflowId,
        new: New,
        graph: Graph,
    ) -> Result<Full, crate::Error> {
        let graph = edit::accept(graph)?;
        let full = self.host.db.write(|tx| {
            if tx.get::<Workflow>(&id)?.is_none() {
                return self.insert(tx, actor, id, &new, graph.clone(), Status::Published);
            }
            let mut workflow = table::open_for_change(tx, actor, id)?;
            let change = Change {
                name: Some(new.name.clone()),
                description: Some(new.description.clone()),
                status: Some(Status::Published),
                cluster: Some(new.cluster.clone()),
                ..Change::default()
            };
            self.apply(tx, actor, &mut workflow, &change, Some(graph.clone()))
        });
        Ok(full.await?.0)
    }

    /// The caller's workflows, newest change first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Full>, crate::Error> {
        let owner = actor.user().ok_or(Error::from(Denied::Anonymous))?;
        let listed = self.host.db.read(|reader| {
            table::of_owner(reader, owner)?
                .into_iter()
                .map(|workflow| table::full(reader, workflow))
                .collect::<Result<_, Error>>()
        });
        Ok(listed?)
    }

    /// One workflow.
    pub async fn get(&self, actor: &Actor, id: WorkflowId) -> Result<Full, crate::Error> {
        Ok(self.host.db.read(|reader| self.read(reader, actor, id))?)
    }

    /// Changes what is given.
    pub async fn update(
        &self,
        actor: &Actor,
        id: WorkflowId,
        mut change: Change,
    ) -> Result<Updated, crate::Error> {
        if edit::is_empty(&change) {
            return Err(Error::Invalid("No valid fields to update".into()).into());
        }
        let before = self.host.db.read(|reader| table::open(reader, actor, Action::Write, id))?;
        edit::check_revision(&before, change.revision)?;
        let graph = match (change.nodes.take(), change.edges.take()) {
            (None, None) => None,
            (nodes, edges) => Some((nodes, edges)),
        };
        let written = self.host.db.write(|tx| {
            let mut workflow = table::open_for_change(tx, actor, id)?;
            edit::check_revision(&workflow, change.revision)?;
            let graph = match &graph {
                None => None,
                Some((nodes, edges)) => {
                    let old = tx.get::<WorkingCopy>(&id)?.map(|copy| copy.graph).unwrap_or_default();
                    Some(edit::accept(Graph {
                        nodes: nodes.clone().unwrap_or(old.nodes),
                        edges: edges.clone().unwrap_or(old.edges),
                    })?)
                }
            };
            self.apply(tx, actor, &mut workflow, &change, graph)
        });
        let (full, _) = written.await?;
        // After the commit: a refused change must not touch the cluster, and no run can begin any more.
        let warning = self.retire(&before, &change).await;
        let full = self.host.db.read(|reader| table::full(reader, full.workflow))?;
        Ok(Updated { full, warning })
    }

    /// Saves the canvas: nodes and edges are replaced as a whole, no version is made, nothing is deleted in the
    /// cluster (the next run prunes).
    pub async fn save(&self, actor: &Actor, id: WorkflowId, save: Save) -> Result<Full, crate::Error> {
        Ok(self.update(actor, id, edit::from_save(save)).await?.full)
    }

    /// Sets the status; answers a warning when the clean-up of an archived workflow left something.
    pub async fn set_status(
        &self,
        actor: &Actor,
        id: WorkflowId,
        status: Status,
    ) -> Result<Option<String>, crate::Error> {
        let change = Change { status: Some(status), ..Change::default() };
        Ok(self.update(actor, id, change).await?.warning)
    }

    /// Deletes the workflow; what it deployed stays in the cluster.
    pub async fn delete(&self, actor: &Actor, id: WorkflowId) -> Result<(), crate::Error> {
        let deleted = self.host.db.write(|tx| {
            let mut workflow = table::open_for_change(tx, actor, id)?;
            workflow.deleted_at = Some(self.host.ids.now());
            edit::touch(&self.host, &mut workflow);
            tx.put(&workflow)?;
            tx.event(stream(id), "workflow_deleted", &json!({ "workflow_id": id }))?;
            Ok::<_, Error>(workflow)
        });
        let (workflow, _) = deleted.await?;
        self.undeploy.halt(&workflow).await;
        Ok(())
    }

    /// A draft with the same graph, without versions, runs and live state.
    pub async fn clone_as(&self, actor: &Actor, id: WorkflowId, name: &str) -> Result<Full, crate::Error> {
        let copy = self.host.ids.next();
        let cloned = self.host.db.write(|tx| {
            let source = tx.get::<Workflow>(&id)?.filter(|workflow| workflow.deleted_at.is_none());
            let source = source.ok_or(Error::NotFound)?;
            allow(actor, Action::Read, Subject::Owned(source.owner))?;
            let graph = tx.get::<WorkingCopy>(&id)?.map(|copy| copy.graph).unwrap_or_default();
            let new = New {
                name: name.to_owned(),
                description: format!("{} (Cloned)", source.description),
                cluster: source.cluster.clone(),
            };
            let mut full = self.insert(tx, actor, copy, &new, graph, Status::Draft)?;
            full.workflow.tags = source.tags;
            tx.put(&full.workflow)?;
            Ok::<_, Error>(full)
        });
        Ok(cloned.await?.0)
    }

    pub(super) fn read(&self, reader: &Reader<'_>, actor: &Actor, id: WorkflowId) -> Result<Full, Error> {
        let workflow = table::open(reader, actor, Action::Read, id)?;
        table::full(reader, workflow)
    }

    fn insert(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        id: WorkflowId,
        new: &New,
        graph: Graph,
        status: Status,
    ) -> Result<Full, Error> {
        allow(actor, Action::Create, Subject::Own)?;
        let name = edit::check_name(&new.name)?;
        let cluster_id = clusters::table::resolve(tx, &self.host, actor, &new.cluster)?;
        let (owner, project) = home(tx, actor)?;
        let now = self.host.ids.now();
        let label = Label { description: Some("Initial version".into()), ..Label::default() };
        let origin = versions::table::Origin { author: actor.user(), automatic: true, ..Default::default() };
        let version = versions::table::append(tx, &self.host, id, &graph, label, origin)?;
        let workflow = Workflow {
            id,
            project,
            owner,
            name,
            description: new.description.clone(),
            cluster: new.cluster.clone(),
            cluster_id,
            status,
            tags: Vec::new(),
            revision: 1,
            current_version: version.seq,
            node_count: graph.nodes.len(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
            last_run_at: None,
            run_count: 0,
            success_count: 0,
            failure_count: 0,
        };
        tx.put(&workflow)?;
        tx.put(&WorkingCopy { workflow: id, graph: graph.clone() })?;
        tx.event(stream(id), "workflow_created", &json!({ "workflow_id": id }))?;
        Ok(Full { workflow, graph, drift: Vec::new() })
    }

    fn apply(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        workflow: &mut Workflow,
        change: &Change,
        graph: Option<Graph>,
    ) -> Result<Full, Error> {
        edit::describe(workflow, change)?;
        if let Some(cluster) = &change.cluster {
            workflow.cluster_id = clusters::table::resolve(tx, &self.host, actor, cluster)?;
            workflow.cluster.clone_from(cluster);
        }
        let graph = if let Some(graph) = graph {
            edit::store(tx, &self.host, workflow, graph.clone())?;
            graph
        } else {
            edit::touch(&self.host, workflow);
            tx.get::<WorkingCopy>(&workflow.id)?.map(|copy| copy.graph).unwrap_or_default()
        };
        tx.put(workflow)?;
        let payload = json!({ "workflow_id": workflow.id, "revision": workflow.revision });
        tx.event(stream(workflow.id), "workflow_changed", &payload)?;
        let drift = tx.get::<Drift>(&workflow.id)?.map(|drift| drift.objects).unwrap_or_default();
        Ok(Full { workflow: workflow.clone(), graph, drift })
    }

    /// Takes a workflow's objects off the cluster once it is archived. A failure does not undo the archiving;
    /// it becomes the warning.
    async fn retire(&self, workflow: &Workflow, change: &Change) -> Option<String> {
        if !edit::archives(workflow, change) {
            return None;
        }
        let left = self.undeploy.undeploy(workflow).await;
        (!left.is_empty()).then(|| left.join("; "))
    }
}

/// The event stream of a workflow.
pub(crate) fn stream(id: WorkflowId) -> String {
    format!("workflow:{id}")
}

/// The account and project of what the engine itself makes (the command line on its own store). They have no records:
/// nobody can sign in there.
pub(super) fn local() -> (UserId, ProjectId) {
    (Raw::derived(&["local"]).into(), Raw::derived(&["local"]).into())
}

/// The account and project that a new workflow belongs to.
fn home(tx: &mut Tx<'_>, actor: &Actor) -> Result<(UserId, ProjectId), Error> {
    let Some(owner) = actor.user() else {
        return Ok(local());
    };
    let project = projects::personal_of(tx, owner)?.ok_or(Error::NotFound)?;
    Ok((owner, project.id))
}
