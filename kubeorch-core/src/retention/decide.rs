//! What goes: pure functions from facts to keys. Everything that is never removed is decided here.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Policy;
use crate::id::RunId;
use crate::store::Seq;
use crate::time::Time;

/// What limits go by, for one workflow.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// When it was deleted.
    pub(super) deleted_at: Option<Time>,
    /// The number of its newest version.
    pub(super) newest_version: u64,
    /// The version of its active run.
    pub(super) active_version: Option<u64>,
    /// The versions of its newest run and its newest completed one.
    pub(super) deployed: BTreeSet<u64>,
    /// Its newest run and its newest completed one.
    pub(super) last_runs: BTreeSet<RunId>,
}

/// A version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VersionFact {
    pub(super) seq: u64,
    pub(super) made_at: Time,
    /// Tagged, or named by somebody.
    pub(super) marked: bool,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunFact {
    pub(super) id: RunId,
    /// `None` while it is active.
    pub(super) ended_at: Option<Time>,
    /// How many newer runs its workflow has.
    pub(super) newer: u64,
}

/// A stretch of the event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Its last event; it begins after the last one of the stretch before.
    pub(super) last: Seq,
    /// The time of its newest event.
    pub(super) newest: Time,
    /// The bytes of its events.
    pub(super) bytes: u64,
}

/// The versions to remove.
pub(super) fn versions(policy: &Policy, now: Time, scope: &Scope, facts: &[VersionFact]) -> Vec<u64> {
    let gone = is_gone(policy, now, scope);
    let goes = |fact: &&VersionFact| {
        let held = fact.marked || fact.seq >= scope.newest_version || scope.deployed.contains(&fact.seq);
        let over = version_is_over(policy, now, scope, fact);
        scope.active_version != Some(fact.seq) && (gone || (over && !held))
    };
    facts.iter().filter(goes).map(|fact| fact.seq).collect()
}

/// Whether a version is over a limit, held or not. None that is newer is, once one is not.
pub(super) fn version_is_over(policy: &Policy, now: Time, scope: &Scope, fact: &VersionFact) -> bool {
    let newer = scope.newest_version.saturating_sub(fact.seq);
    is_gone(policy, now, scope)
        || over(policy.versions, newer)
        || expired(policy.version_days, fact.made_at, now)
}

/// The runs to remove.
pub(super) fn runs(policy: &Policy, now: Time, scope: &Scope, facts: &[RunFact]) -> Vec<RunId> {
    let gone = is_gone(policy, now, scope);
    let goes = |fact: &&RunFact| {
        let over = run_is_over(policy, now, scope, fact);
        fact.ended_at.is_some() && (gone || (over && !scope.last_runs.contains(&fact.id)))
    };
    facts.iter().filter(goes).map(|fact| fact.id).collect()
}

/// Whether a run is over a limit, held or not. None that is newer is, once one is not.
pub(super) fn run_is_over(policy: &Policy, now: Time, scope: &Scope, fact: &RunFact) -> bool {
    let old = fact.ended_at.is_some_and(|at| expired(policy.run_days, at, now));
    is_gone(policy, now, scope) || over(policy.runs, fact.newer) || old
}

/// Whether all log lines of a run go.
pub(super) fn log_is_over(policy: &Policy, now: Time, ended_at: Time) -> bool {
    expired(policy.log_days, ended_at, now)
}

/// The newest log line of an ended run that goes, with all before it: the rest is within the bytes. Lines are
/// numbers with sizes, oldest first.
pub(super) fn lines(policy: &Policy, lines: &[(u64, u64)]) -> Option<u64> {
    let mut room = limit(policy.log_bytes);
    let kept = lines.iter().rev().take_while(|(_, bytes)| take(&mut room, *bytes)).count();
    lines[..lines.len() - kept].last().map(|(number, _)| *number)
}

/// The newest event that goes, with all before it. `log` is what is there, oldest first, whole up to `head`;
/// `active_since` is the begin of the oldest active run.
pub(super) fn events(
    policy: &Policy,
    now: Time,
    head: Seq,
    log: &[Stretch],
    active_since: Option<Time>,
) -> Seq {
    let by_count = if policy.events == 0 { 0 } else { head.0.saturating_sub(policy.events) };
    let mut room = limit(policy.event_bytes);
    let fits = log.iter().rev().take_while(|it| take(&mut room, it.bytes)).count();
    let by_bytes = last(&log[..log.len() - fits]);
    let old = |it: &&Stretch| expired(policy.event_days, it.newest, now);
    let by_age = log.iter().take_while(old).last().map_or(0, |it| it.last.0);
    let wanted = by_count.max(by_bytes).max(by_age);
    let Some(since) = active_since else { return Seq(wanted) };
    let settled = log.iter().take_while(|it| it.newest < since).last().map_or(0, |it| it.last.0);
    Seq(wanted.min(settled))
}

fn last(log: &[Stretch]) -> u64 {
    log.last().map_or(0, |it| it.last.0)
}

fn is_gone(policy: &Policy, now: Time, scope: &Scope) -> bool {
    scope.deleted_at.is_some_and(|at| expired(policy.deleted_days, at, now))
}

/// Whether something with so many newer ones is over the count.
fn over(count: u64, newer: u64) -> bool {
    count > 0 && newer >= count
}

/// Whether something of a time is over the age. A time ahead of the clock is not.
fn expired(days: u64, at: Time, now: Time) -> bool {
    days > 0 && now.since(at) > Duration::from_secs(days.saturating_mul(86_400))
}

fn limit(bytes: u64) -> u64 {
    if bytes == 0 { u64::MAX } else { bytes }
}

/// Takes bytes out of the room, if there are so many.
fn take(room: &mut u64, bytes: u64) -> bool {
    let left = room.checked_sub(bytes);
    *room = left.unwrap_or(*room);
    left.is_some()
}
