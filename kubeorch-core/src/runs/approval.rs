//! Whose yes counts, and when there are enough.

use super::Error;
use super::model::{Approval, Reason, Run, Status};
use crate::actor::Actor;
use crate::graph::Hash;

/// The run, when it waits for an approval and the caller may give it. `owner`: the caller may run the workflow.
pub(super) fn check(run: &Run, actor: &Actor, owner: bool) -> Result<(), Error> {
    if run.status.ended() {
        return Err(Error::Ended(run.status));
    }
    let waits = run.pause.as_ref().is_some_and(|pause| pause.reason == Reason::Approval);
    if run.status != Status::Paused || !waits {
        return Err(Error::NotWaiting("an approval"));
    }
    let user = actor.user();
    if !owner && !user.is_some_and(|user| run.options.approvers.contains(&user)) {
        return Err(Error::NotApprover("only the workflow's owner and the approvers of the run may do this"));
    }
    if run.options.four_eyes && user == run.user {
        return Err(Error::NotApprover("whoever started the run does not approve it"));
    }
    Ok(())
}

/// Adds a yes; answers whether there are enough. The same account counts once.
pub(super) fn add(run: &mut Run, approval: Approval) -> Result<bool, Error> {
    let found = run.plan.unwrap_or_else(|| Hash::from([0; 32]));
    if approval.plan != found {
        return Err(Error::PlanChanged { expected: approval.plan, found });
    }
    if !run.approvals.iter().any(|other| other.user == approval.user) {
        run.approvals.push(approval);
    }
    Ok(run.approvals.len() >= run.options.approvals as usize)
}
