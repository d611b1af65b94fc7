//! Live states: one observer a workflow, shared by its run and all who look.

use std::sync::{Arc, Weak};

use super::Service;
use crate::clusters::Link;
use crate::id::WorkflowId;
use crate::runs::observe::Observer;
use crate::runs::prepare::Prepared;
use crate::runs::{Error, table};
use crate::versions;
use crate::workflows::Workflow;

impl Service {
    /// A new observer for a graph that is about to be applied; whoever looked at the old one keeps it until
    /// it asks again, both write the same states.
    pub(super) fn fresh_observer(
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
    pub(super) async fn observe(&self, workflow: &Workflow) -> Result<Option<Arc<Observer>>, Error> {
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
        let link = self.link(workflow.cluster_id, &workflow.cluster).await?;
        Ok(Some(self.fresh_observer(workflow.id, &link, &prepared)?))
    }
}
