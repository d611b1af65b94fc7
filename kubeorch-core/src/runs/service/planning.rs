//! From a graph to a plan.

use std::time::Duration;

use super::Service;
use crate::actor::{Action, Actor};
use crate::clusters::Link;
use crate::error::Finding;
use crate::graph::Graph;
use crate::id::{ClusterId, WorkflowId};
use crate::runs::model::{Options, Values};
use crate::runs::plan::{Plan, Planned, Planner};
use crate::runs::prepare::Prepared;
use crate::runs::{Error, inventory};
use crate::workflows::Workflow;

/// The most approvals that a run can ask for.
const MAX_APPROVALS: u32 = 16;
/// The most accounts that may be asked to approve.
const MAX_APPROVERS: usize = 64;
/// No wait of a run is longer.
const MAX_WAIT: Duration = Duration::from_hours(24 * 30);

impl Service {
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
        let prepared = self.prepare(&graph, id).await?.only(&options.only);
        let (_, planned) = self.plan_all(&workflow, &prepared, values, options).await?;
        Ok(planned.plan)
    }

    pub(super) async fn prepare(&self, graph: &Graph, id: WorkflowId) -> Result<Prepared, Error> {
        Ok(self.inner.prepared.prepare(&*self.inner.parts.types, graph, id).await?)
    }

    pub(super) async fn link(&self, id: Option<ClusterId>, name: &str) -> Result<Link, Error> {
        Ok(self.inner.parts.links.of_workflow(id, name).await?)
    }

    /// Plans; when the graph has errors, answers them together with everything that the cluster says of
    /// the rest, so that one round is enough to mend all.
    pub(super) async fn plan_all(
        &self,
        workflow: &Workflow,
        prepared: &Prepared,
        values: &Values,
        options: &Options,
    ) -> Result<(Link, Planned), Error> {
        let planned = async {
            let link = self.link(workflow.cluster_id, &workflow.cluster).await?;
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

    pub(super) async fn plan_with(
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
        let inventory = parts.host.db.read(|reader| inventory::of(reader, workflow.id, &workflow.cluster))?;
        let planner = Planner {
            inventory: &inventory,
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
}

/// Whether a run can be started with them at all.
pub(super) fn check(options: &Options, actor: &Actor) -> Result<(), Error> {
    let refuse = |text: String| Err(Error::Options(text));
    if !options.only.is_empty() && options.prune {
        return refuse("a run of some nodes removes nothing: it takes no `prune`".to_owned());
    }
    if options.approvals > MAX_APPROVALS {
        return refuse(format!("at most {MAX_APPROVALS} approvals can be asked for"));
    }
    if options.approvers.len() > MAX_APPROVERS {
        return refuse(format!("at most {MAX_APPROVERS} accounts can be asked to approve"));
    }
    if [options.ready_timeout, options.failure_grace, options.approval_expiry]
        .iter()
        .any(|wait| *wait > MAX_WAIT)
    {
        return refuse("a run waits for 30 days at most".to_owned());
    }
    let mut voices: Vec<_> = options.approvers.iter().copied().chain(actor.user()).collect();
    voices.sort_unstable();
    voices.dedup();
    voices.retain(|voice| !options.four_eyes || Some(*voice) != actor.user());
    if options.approvals as usize > voices.len() {
        let (wanted, there) = (options.approvals, voices.len());
        return refuse(format!("{wanted} approvals are asked for, and {there} accounts may give one"));
    }
    Ok(())
}
