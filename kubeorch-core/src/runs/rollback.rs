//! Bringing an older version back: a run of that version, begun by a person or by the failure of a newer one.

use serde_json::json;

use super::model::{Options, Run, Status, Trigger};
use super::{Error, retain};
use crate::id::RunId;
use crate::store::Tx;
use crate::versions::Version;
use crate::workflows::{self, Workflow};

/// Begins, in the transaction that ends a failed run, a run of the version of the last one that completed, when the
/// failed run was started so. A rollback that fails begins no other.
pub(super) fn automatic(tx: &mut Tx<'_>, failed: &Run, id: RunId) -> Result<Option<RunId>, Error> {
    if failed.status != Status::Failed || !failed.options.rollback_on_failure || failed.attempt == 0 {
        return Ok(None);
    }
    let Some(good) =
        retain::last(tx, failed.workflow)?.completed.filter(|good| good.version != failed.version)
    else {
        return Ok(None);
    };
    let Some(mut workflow) = tx.get::<Workflow>(&failed.workflow)? else { return Ok(None) };
    let runs = workflow.deleted_at.is_none() && workflow.status == workflows::Status::Published;
    if !runs || !tx.contains::<Version>(&(failed.workflow, good.version))? {
        return Ok(None);
    }
    let now = tx.now();
    workflow.last_run_at = Some(now);
    tx.put(&workflow)?;
    let run = Run {
        id,
        version: good.version,
        status: Status::Running,
        started_at: now,
        completed_at: None,
        error: None,
        trigger: Trigger::Rollback { from: failed.version, automatic: true },
        plan: None,
        content: None,
        options: Options { rollback_on_failure: false, approvals: 0, expect: None, ..failed.options.clone() },
        given: Vec::new(),
        node_count: 0,
        attempt: 0,
        asked: None,
        pause: None,
        approvals: Vec::new(),
        ..failed.clone()
    };
    tx.insert(&run)?;
    let payload =
        json!({ "run_id": id, "version": run.version, "plan": run.plan, "trigger": run.trigger.as_str() });
    tx.event(workflows::stream(run.workflow), "run_started", &payload)?;
    Ok(Some(id))
}
