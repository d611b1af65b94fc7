//! The pure decisions.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::super::Policy;
use super::super::decide::{RunFact, Scope, Stretch, VersionFact, events, lines, runs, versions};
use super::day;
use crate::id::{Raw, RunId};
use crate::store::Seq;

/// Run ids that rise with the number.
fn run(number: u64) -> RunId {
    RunId::from(format!("a{number:023x}").parse::<Raw>().unwrap())
}

fn policy(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::forever();
    change(&mut policy);
    policy
}

/// Version `n` of ten was made on day `n`; now is day 11.
fn of_ten_versions(policy: &Policy, scope: &Scope, marked: &[u64]) -> Vec<u64> {
    let facts: Vec<_> =
        (1..=10).map(|seq| VersionFact { seq, made_at: day(seq), marked: marked.contains(&seq) }).collect();
    versions(policy, day(11), scope, &facts)
}

#[test]
fn versions_go_by_count_and_age_but_for_those_that_are_held() {
    let scope = Scope { newest_version: 10, ..Scope::default() };
    let deployed = Scope { deployed: BTreeSet::from([4, 7]), active_version: Some(5), ..scope.clone() };
    let deleted = Scope { deleted_at: Some(day(5)), active_version: Some(9), ..deployed.clone() };
    for (policy, scope, marked, expected) in [
        (policy(|_| {}), &scope, &[][..], &[][..]),
        (policy(|p| p.versions = 10), &scope, &[], &[]),
        (policy(|p| p.versions = 3), &scope, &[], &[1, 2, 3, 4, 5, 6, 7]),
        (policy(|p| p.versions = 3), &scope, &[2, 6, 9], &[1, 3, 4, 5, 7]),
        (policy(|p| p.versions = 3), &deployed, &[2], &[1, 3, 6]),
        (policy(|p| p.version_days = 5), &scope, &[], &[1, 2, 3, 4, 5]),
        (policy(|p| (p.versions, p.version_days) = (8, 5)), &scope, &[], &[1, 2, 3, 4, 5]),
        (policy(|p| (p.versions, p.version_days) = (1, 1)), &scope, &[], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (policy(|p| p.deleted_days = 6), &deleted, &[1], &[]),
        (policy(|p| p.deleted_days = 5), &deleted, &[1], &[1, 2, 3, 4, 5, 6, 7, 8, 10]),
        (policy(|p| (p.versions, p.deleted_days) = (9, 6)), &deleted, &[], &[1]),
    ] {
        assert_eq!(of_ten_versions(&policy, scope, marked), expected, "{policy:?} {scope:?} {marked:?}");
    }
}

/// Run `n` of five ended on day `n`, but for the active one; now is day 6.
fn of_five_runs(policy: &Policy, scope: &Scope, active: Option<u64>) -> Vec<RunId> {
    let facts: Vec<_> = (1..=5)
        .map(|n| RunFact { id: run(n), ended_at: (active != Some(n)).then(|| day(n)), newer: 5 - n })
        .collect();
    runs(policy, day(6), scope, &facts)
}

#[test]
fn runs_go_by_count_and_age_but_for_the_last_and_the_active_ones() {
    let scope = Scope { last_runs: BTreeSet::from([run(2), run(5)]), ..Scope::default() };
    let deleted = Scope { deleted_at: Some(day(1)), ..scope.clone() };
    for (policy, scope, active, expected) in [
        (policy(|_| {}), &scope, None, &[][..]),
        (policy(|p| p.runs = 2), &scope, None, &[1, 3]),
        (policy(|p| p.runs = 1), &scope, Some(4), &[1, 3]),
        (policy(|p| p.run_days = 3), &scope, None, &[1]),
        (policy(|p| p.run_days = 1), &scope, None, &[1, 3, 4]),
        (policy(|p| p.deleted_days = 5), &deleted, None, &[]),
        (policy(|p| p.deleted_days = 4), &deleted, Some(5), &[1, 2, 3, 4]),
    ] {
        let expected: Vec<_> = expected.iter().map(|n| run(*n)).collect();
        assert_eq!(of_five_runs(&policy, scope, active), expected, "{policy:?} {scope:?} {active:?}");
    }
}

#[test]
fn a_log_keeps_its_end() {
    let sizes = [(0, 10), (1, 10), (2, 30), (3, 10)];
    for (bytes, expected) in
        [(0, None), (60, None), (59, Some(0)), (40, Some(1)), (39, Some(2)), (9, Some(3))]
    {
        assert_eq!(lines(&policy(|p| p.log_bytes = bytes), &sizes), expected, "{bytes}");
    }
    assert_eq!(lines(&policy(|p| p.log_bytes = 1), &[]), None);
}

/// Three stretches of ten events and 100 bytes: the events 11 to 40, made on the days 1 to 3; now is day 5.
fn log() -> Vec<Stretch> {
    (1..=3).map(|n| Stretch { last: Seq(10 + n * 10), newest: day(n), bytes: 100 }).collect()
}

#[test]
fn events_go_by_count_age_and_bytes_but_for_those_of_active_runs() {
    for (policy, active, expected) in [
        (policy(|_| {}), None, 0),
        (policy(|p| p.events = 25), None, 15),
        (policy(|p| p.events = 100), None, 0),
        (policy(|p| p.event_bytes = 300), None, 0),
        (policy(|p| p.event_bytes = 299), None, 20),
        (policy(|p| p.event_bytes = 1), None, 40),
        (policy(|p| p.event_days = 4), None, 0),
        (policy(|p| p.event_days = 3), None, 20),
        (policy(|p| (p.event_days, p.events) = (3, 5)), None, 35),
        (policy(|p| (p.event_days, p.events) = (3, 5)), Some(day(3)), 30),
        (policy(|p| p.events = 25), Some(day(2)), 15),
        (policy(|p| p.events = 1), Some(day(1)), 0),
    ] {
        assert_eq!(events(&policy, day(5), Seq(40), &log(), active), Seq(expected), "{policy:?} {active:?}");
    }
}

prop_compose! {
    fn any_policy()(numbers in vec(0..20_u64, 10)) -> Policy {
        Policy {
            versions: numbers[0], version_days: numbers[1], runs: numbers[2], run_days: numbers[3],
            log_days: numbers[4], log_bytes: numbers[5], events: numbers[6], event_days: numbers[7],
            event_bytes: numbers[8], deleted_days: numbers[9],
        }
    }
}

proptest! {
    #[test]
    fn no_policy_takes_a_held_version(
        policy in any_policy(),
        marked in btree_set(1..40_u64, 0..10),
        deployed in btree_set(1..40_u64, 0..3),
        active in proptest::option::of(1..40_u64),
        days in vec(0..60_u64, 40),
        now in 0..80_u64,
        deleted in proptest::option::of(0..80_u64),
    ) {
        let deleted_at = deleted.map(day);
        let scope = Scope {
            deleted_at, newest_version: 40, active_version: active, deployed: deployed.clone(),
            ..Scope::default()
        };
        let fact = |seq: u64, at: &u64| VersionFact { seq, made_at: day(*at), marked: marked.contains(&seq) };
        let facts: Vec<_> = days.iter().zip(1..).map(|(at, seq)| fact(seq, at)).collect();
        let gone = versions(&policy, day(now), &scope, &facts);
        prop_assert!(active.is_none_or(|active| !gone.contains(&active)));
        let graced = policy.deleted_days == 0 || deleted.is_none_or(|at| now <= at + policy.deleted_days);
        for seq in gone.iter().filter(|_| graced) {
            prop_assert!(!marked.contains(seq) && !deployed.contains(seq) && *seq != 40, "{}", seq);
        }
        // One by one it decides the same: that is how a transaction asks again.
        for fact in &facts {
            let alone = versions(&policy, day(now), &scope, &[*fact]);
            prop_assert_eq!(alone.is_empty(), !gone.contains(&fact.seq));
        }
    }

    #[test]
    fn no_policy_takes_an_active_run_or_one_of_the_last(
        policy in any_policy(),
        ended in vec(proptest::option::of(0..60_u64), 20),
        last in btree_set(1..=20_u64, 0..3),
        now in 0..80_u64,
        deleted in proptest::option::of(0..80_u64),
    ) {
        let last_runs = last.iter().map(|n| run(*n)).collect();
        let scope = Scope { deleted_at: deleted.map(day), last_runs, ..Scope::default() };
        let facts: Vec<_> = ended.iter().zip(1..).map(|(at, n)| {
            RunFact { id: run(n), ended_at: at.map(day), newer: 20 - n }
        }).collect();
        let gone = runs(&policy, day(now), &scope, &facts);
        let graced = policy.deleted_days == 0 || deleted.is_none_or(|at| now <= at + policy.deleted_days);
        for fact in facts.iter().filter(|fact| gone.contains(&fact.id)) {
            prop_assert!(fact.ended_at.is_some());
            prop_assert!(!graced || !scope.last_runs.contains(&fact.id));
        }
    }

    #[test]
    fn no_policy_takes_an_event_of_an_active_run_and_every_limit_holds_otherwise(
        policy in any_policy(),
        stretches in vec((1..10_u64, 0..60_u64, 0..9_u64), 0..20),
        active in proptest::option::of(0..60_u64),
        now in 0..80_u64,
    ) {
        let mut last = 0;
        let log: Vec<_> = stretches.iter().map(|(length, at, bytes)| {
            last += length;
            Stretch { last: Seq(last), newest: day(*at), bytes: *bytes }
        }).collect();
        let upto = events(&policy, day(now), Seq(last), &log, active.map(day));
        prop_assert!(upto.0 <= last);
        if let Some(since) = active {
            let touched = log.iter().enumerate().take_while(|(at, _)| *at == 0 || log[at - 1].last < upto);
            prop_assert!(upto == Seq(0) || touched.into_iter().all(|(_, it)| it.newest < day(since)));
        } else {
            let bytes: u64 = log.iter().filter(|it| it.last > upto).map(|it| it.bytes).sum();
            prop_assert!(policy.events == 0 || last - upto.0 <= policy.events);
            prop_assert!(policy.event_bytes == 0 || bytes <= policy.event_bytes);
        }
    }

    #[test]
    fn a_log_is_cut_to_its_bytes_and_no_further(bytes in 1..200_u64, sizes in vec(0..40_u64, 0..30)) {
        let numbered: Vec<_> = sizes.iter().copied().zip(5..).map(|(size, number)| (number, size)).collect();
        let gone = lines(&policy(|p| p.log_bytes = bytes), &numbered);
        let cut = numbered.iter().filter(|(number, _)| gone.is_some_and(|gone| *number <= gone)).count();
        let kept: u64 = sizes[cut..].iter().sum();
        prop_assert!(kept <= bytes);
        prop_assert!(cut == 0 || kept + sizes[cut - 1] > bytes);
    }
}
