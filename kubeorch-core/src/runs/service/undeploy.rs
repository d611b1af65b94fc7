//! What becomes of the runs and objects of a workflow that is archived or deleted.

use std::time::Duration;

use async_trait::async_trait;

use super::Service;
use crate::kube::DeleteOptions;
use crate::runs::plan::owned;
use crate::runs::{Error, table};
use crate::workflows::{Undeploy, Workflow};

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
        let mut asked = None;
        loop {
            head.borrow_and_update();
            let active = host.db.read(|reader| table::active(reader, workflow.id))?;
            let Some(run) = active else { return Ok(()) };
            if asked != Some(run.id) {
                self.stop(run.id, None).await?;
                asked = Some(run.id);
                continue;
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
        let link = self.link(workflow.cluster_id, &workflow.cluster).await?;
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
