//! What the watch for drift asks of runs.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use super::{Inner, Service, Source};
use crate::actor::Actor;
use crate::clusters::Link;
use crate::id::{RunId, WorkflowId};
use crate::runs::drift::{Keeper, Options as DriftOptions};
use crate::runs::model::{NodePhase, Options, Run, Status, Trigger, Values};
use crate::runs::prepare::Prepared;
use crate::runs::{Error, table};
use crate::store::Query;
use crate::versions;
use crate::workflows::{self, Workflow};

/// How many heals in a row are looked past to find the run that they heal; more than the guard lets happen.
const LOOK_BACK: usize = 32;

/// A service that may be gone.
#[derive(Clone)]
pub(in crate::runs) struct WeakService {
    inner: Weak<Inner>,
}

impl WeakService {
    pub(in crate::runs) fn upgrade(&self) -> Option<Service> {
        self.inner.upgrade().map(|inner| Service { inner })
    }
}

/// What a workflow was deployed as.
#[derive(Clone)]
pub(in crate::runs) struct Deployed {
    pub(in crate::runs) workflow: Workflow,
    /// The newest run that somebody wanted, with its nodes.
    pub(in crate::runs) run: Run,
    /// The newest run of all.
    pub(in crate::runs) newest: RunId,
    /// A run has not ended.
    pub(in crate::runs) busy: bool,
    /// The cluster is expected to look like the run's version.
    pub(in crate::runs) watched: bool,
}

impl Deployed {
    /// Whether the run applied a node; those without values are left out.
    pub(in crate::runs) fn applied(&self, node: &str) -> bool {
        self.run.nodes.get(node).is_some_and(|state| state.status == NodePhase::Completed)
    }
}

impl Service {
    /// Watches what is deployed for drift until the engine stops.
    pub(crate) fn watch_drift(&self, options: DriftOptions) {
        let Inner { parts, .. } = &*self.inner;
        let weak = WeakService { inner: Arc::downgrade(&self.inner) };
        let keeper = Keeper::new(parts.host.clone(), weak, parts.tasks.stopped(), options);
        parts.tasks.spawn(keeper.run());
    }

    /// `None` for a workflow that never ran or is gone from the store.
    pub(in crate::runs) fn deployed(&self, id: WorkflowId) -> Result<Option<Deployed>, Error> {
        self.inner.parts.host.db.read(|reader| {
            let Some(workflow) = reader.get::<Workflow>(&id)? else { return Ok(None) };
            let runs = reader.list(&Query::by(table::BY_WORKFLOW).prefix(&id).reverse().limit(LOOK_BACK))?;
            let Some(newest) = runs.first().map(|run| run.id) else { return Ok(None) };
            let busy = table::active(reader, id)?.is_some();
            let Some(run) = runs.into_iter().find(|run| run.trigger != Trigger::Drift) else {
                return Ok(None);
            };
            let Some(run) = table::load(reader, run.id)? else { return Ok(None) };
            let watched = run.status == Status::Completed
                && workflow.deleted_at.is_none()
                && workflow.status == workflows::Status::Published
                && (workflow.cluster_id, &workflow.cluster) == (run.cluster_id, &run.cluster);
            Ok(Some(Deployed { workflow, run, newest, busy, watched }))
        })
    }

    /// The objects of the deployed version, and the way to their cluster.
    pub(in crate::runs) async fn render(&self, deployed: &Deployed) -> Result<(Link, Prepared), Error> {
        let (id, version) = (deployed.workflow.id, deployed.run.version);
        let db = &self.inner.parts.host.db;
        let version = db.read(|reader| Ok::<_, Error>(versions::table::find(reader, id, version)?))?;
        let link = self.link(deployed.run.cluster_id, &deployed.run.cluster).await?;
        Ok((link, self.prepare(&version.graph, id).await?))
    }

    /// Applies some nodes of the deployed version again, with the same permissions as the run that deployed them.
    pub(in crate::runs) async fn heal(
        &self,
        deployed: &Deployed,
        nodes: &BTreeSet<String>,
        force: bool,
    ) -> Result<Run, crate::Error> {
        let options = Options {
            // What was changed by another manager belongs to it now; healing is taking it back.
            force,
            prune: false,
            expect: None,
            approvals: 0,
            rollback_on_failure: false,
            only: nodes.iter().cloned().collect(),
            ..deployed.run.options.clone()
        };
        let source = Source::Version(deployed.run.version);
        self.start_from(
            &Actor::System,
            deployed.workflow.id,
            source,
            Trigger::Drift,
            Values::default(),
            options,
        )
        .await
    }
}
