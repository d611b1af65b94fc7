//! Sweeps on a store in memory, with records as the domains write them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::super::{Policy, Report, Service};
use super::day;
use crate::actor::{Actor, Role};
use crate::engine::{Host, Tasks};
use crate::graph::Graph;
use crate::id::{Ids, Raw, RunId, WorkflowId};
use crate::runs::{Options, Run, Status, Trigger};
use crate::store::{Batch, Db, Error, Memory, Query, Seq, Snapshot, Store, Table};
use crate::time::{Clock, ManualClock, SeededEntropy};
use crate::versions::{Label, Version, table};
use crate::workflows::{self, Workflow};

struct Place {
    host: Host,
    clock: Arc<ManualClock>,
    tasks: Tasks,
    id: WorkflowId,
}

impl Place {
    /// One workflow without versions, on day 0.
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(day(0).as_millis()));
        Self::on(Arc::new(Memory::new(clock.clone())), clock).await
    }

    async fn on(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        let entropy = Arc::new(SeededEntropy::new(7));
        let host = Host {
            db: Db::new(store, clock.clone()),
            ids: Arc::new(Ids::new(clock.clone(), entropy.clone())),
            clusters: Arc::default(),
            clock: clock.clone(),
            entropy,
        };
        let place = Self { host, clock, tasks: Tasks::default(), id: Raw::derived(&["shop"]).into() };
        place.put_workflow(|_| {}).await;
        place
    }

    async fn put_workflow(&self, change: impl Fn(&mut Workflow) + Send) {
        let (id, now) = (self.id, self.clock.now());
        let mut workflow = Workflow {
            id,
            project: Raw::derived(&["p"]).into(),
            owner: Raw::derived(&["o"]).into(),
            name: "shop".into(),
            description: String::new(),
            cluster: "lab".into(),
            cluster_id: None,
            status: workflows::Status::Published,
            tags: Vec::new(),
            revision: 1,
            current_version: 1,
            node_count: 0,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            last_run_at: None,
            run_count: 0,
            success_count: 0,
            failure_count: 0,
        };
        change(&mut workflow);
        self.host.db.write(|tx| tx.put(&workflow)).await.unwrap();
    }

    async fn put_version(&self, seq: u64, tag: Option<&str>) {
        put_version(&self.host, self.id, seq, tag).await;
    }

    /// A run of a version, with lines in its log; it ended at once, unless it runs.
    async fn put_run(&self, version: u64, status: Status, lines: usize) -> RunId {
        let now = self.clock.now();
        let run = Run {
            id: self.host.ids.next(),
            workflow: self.id,
            version,
            cluster: "lab".into(),
            cluster_id: None,
            status,
            started_at: now,
            completed_at: status.ended().then_some(now),
            nodes: BTreeMap::new(),
            logs: Vec::new(),
            error: None,
            trigger: Trigger::Manual,
            user: None,
            plan: None,
            content: None,
            options: Options::default(),
            given: Vec::new(),
            node_count: 1,
            attempt: 0,
            asked: None,
            pause: None,
            approvals: Vec::new(),
            kept: None,
        };
        self.host.db.write(|tx| tx.put(&run)).await.unwrap();
        crate::runs::retain::write_log(&self.host, &run, lines).await;
        run.id
    }

    async fn sweep(&self, policy: Policy) -> Report {
        self.service(policy).sweep(&Actor::System).await.unwrap()
    }

    fn service(&self, policy: Policy) -> Service {
        Service::new(self.host.clone(), policy, &self.tasks)
    }

    fn versions(&self) -> Vec<u64> {
        let all = self.host.db.read(|reader| reader.list(&Query::<Version>::all())).unwrap();
        all.into_iter().map(|version| version.seq).collect()
    }

    fn runs(&self) -> Vec<RunId> {
        let all = self.host.db.read(|reader| reader.list(&Query::<Run>::all())).unwrap();
        all.into_iter().map(|run| run.id).collect()
    }

    fn rows(&self, table: &'static str) -> usize {
        let view = self.host.db.store().snapshot().unwrap();
        view.count(Table(table), Bound::Unbounded, Bound::Unbounded).unwrap()
    }
}

/// Appends the version, or tags the one that is there.
async fn put_version(host: &Host, workflow: WorkflowId, seq: u64, tag: Option<&str>) {
    let label = Label { tag: tag.map(str::to_owned), ..Label::default() };
    let put = host.db.write(|tx| {
        if tx.contains::<Version>(&(workflow, seq))? {
            return table::edit(tx, workflow, seq, &label);
        }
        table::append(tx, host, workflow, &graph(seq), label.clone(), table::Origin::default())
    });
    assert_eq!(put.await.unwrap().0.seq, seq);
}

/// Every version has a graph of its own.
fn graph(seq: u64) -> Graph {
    let node = serde_json::json!({ "id": "a", "type": "gadget", "data": { "name": seq } });
    serde_json::from_value(serde_json::json!({ "nodes": [node], "edges": [] })).unwrap()
}

#[tokio::test]
async fn a_sweep_removes_what_is_over_and_keeps_what_is_held() {
    let place = Place::new().await;
    for seq in 1..=20 {
        place.put_version(seq, (seq == 2).then_some("v1")).await;
    }
    let completed = place.put_run(3, Status::Completed, 2).await;
    for version in 4..=8 {
        place.put_run(version, Status::Failed, 1).await;
    }
    let newest = place.put_run(9, Status::Cancelled, 1).await;
    let policy = Policy { versions: 5, runs: 1, ..Policy::forever() };
    let report = place.sweep(policy.clone()).await;
    assert_eq!(report, Report { versions: 12, runs: 5, log_lines: 5, events: 0 });
    assert_eq!(place.versions(), [2, 3, 9, 16, 17, 18, 19, 20]);
    assert_eq!(place.runs(), [completed, newest]);
    assert_eq!((place.rows("run_logs"), place.rows("runs_by_workflow")), (3, 2));
    assert_eq!(place.rows("contents"), 8, "what no version needs is collected");
    assert!(place.sweep(policy).await.is_empty());
}

#[tokio::test]
async fn an_active_run_keeps_its_version_its_log_and_its_events() {
    let place = Place::new().await;
    place.put_version(1, None).await;
    let old = place.put_run(1, Status::Completed, 300).await;
    place.clock.advance(Duration::from_hours(1));
    let active = place.put_run(1, Status::Running, 10).await;
    place.clock.advance(Duration::from_hours(24 * 40));
    let everything = Policy {
        versions: 1,
        version_days: 1,
        runs: 1,
        run_days: 1,
        log_days: 1,
        log_bytes: 1,
        events: 1,
        event_days: 1,
        event_bytes: 1,
        deleted_days: 1,
    };
    // Of the 300 events before the run the first stretch is wholly older than it.
    let report = place.sweep(everything.clone()).await;
    assert_eq!(report, Report { versions: 0, runs: 0, log_lines: 300, events: 256 });
    assert_eq!(place.runs(), [old, active]);
    place.put_workflow(|workflow| workflow.deleted_at = Some(day(2))).await;
    let report = place.sweep(everything).await;
    assert_eq!((report.versions, report.runs), (0, 1));
    assert_eq!((place.runs(), place.versions()), (vec![active], vec![1]));
    assert_eq!(place.rows("run_logs"), 10);
}

#[tokio::test]
async fn a_deleted_workflow_loses_everything_after_its_grace() {
    let place = Place::new().await;
    for seq in 1..=3 {
        place.put_version(seq, Some("kept")).await;
    }
    // More rows than one step removes.
    place.put_run(2, Status::Completed, 1200).await;
    place.put_workflow(|workflow| workflow.deleted_at = Some(day(1))).await;
    place.clock.advance(Duration::from_hours(24 * 30));
    let policy = Policy { deleted_days: 30, ..Policy::forever() };
    assert!(place.sweep(policy.clone()).await.is_empty());
    place.clock.advance(Duration::from_hours(25));
    let report = place.sweep(policy).await;
    assert_eq!(report, Report { versions: 3, runs: 1, log_lines: 1200, events: 0 });
    for table in ["versions", "contents", "runs", "runs_by_workflow", "run_logs", "run_nodes"] {
        assert_eq!(place.rows(table), 0, "{table}");
    }
}

#[tokio::test]
async fn logs_go_after_their_days_and_keep_their_end_before() {
    let place = Place::new().await;
    place.put_run(1, Status::Completed, 4).await;
    place.clock.advance(Duration::from_hours(24 * 5));
    place.put_run(2, Status::Failed, 6).await;
    // A line is `[00:00:00] line 0`: 17 bytes.
    let service = place.service(Policy { log_days: 4, log_bytes: 2 * 17, ..Policy::forever() });
    let report = service.sweep(&Actor::System).await.unwrap();
    assert_eq!(report, Report { log_lines: 8, ..Report::default() });
    assert_eq!(place.runs().len(), 2);
    let left = place.runs()[1];
    let lines = place.host.db.read(|reader| crate::runs::retain::lines(reader, left)).unwrap();
    assert_eq!(lines, [(4, 17), (5, 17)]);
    place.clock.advance(Duration::from_hours(24 * 5));
    assert_eq!(service.sweep(&Actor::System).await.unwrap().log_lines, 2);
    assert!(service.sweep(&Actor::System).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_go_by_each_limit_and_the_rest_stays_whole() {
    for policy in [
        Policy { events: 300, ..Policy::forever() },
        Policy { event_days: 2, ..Policy::forever() },
        Policy { event_bytes: 300 * 8, ..Policy::forever() },
    ] {
        let place = Place::new().await;
        let service = place.service(policy.clone());
        let event = |count: usize| {
            let db = place.host.db.clone();
            async move {
                let each = |tx: &mut crate::store::Tx<'_>| tx.event("s", "kind", &100);
                db.write(|tx| (0..count).try_for_each(|_| each(tx))).await.unwrap();
            }
        };
        event(1024).await;
        place.clock.advance(Duration::from_hours(24 * 3));
        event(256).await;
        let report = service.sweep(&Actor::System).await.unwrap();
        let (trimmed, kept) = place
            .host
            .db
            .read(|reader| Ok::<_, Error>((reader.trimmed(), reader.events(reader.trimmed(), 9999)?)))
            .unwrap();
        assert_eq!(report.events, trimmed.0, "{policy:?}");
        assert_eq!(trimmed.0 + kept.len() as u64, 1280, "{policy:?}");
        let least = if policy.events > 0 { 980 } else { 1024 };
        assert_eq!(trimmed.0, least, "{policy:?}");
        assert!(service.sweep(&Actor::System).await.unwrap().is_empty(), "{policy:?}");
    }
}

/// A store on which somebody tags version 1 in the moment before it would be removed.
struct Meddled {
    inner: Arc<Memory>,
    clock: Arc<ManualClock>,
    done: AtomicBool,
}

#[async_trait]
impl Store for Meddled {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        self.inner.snapshot()
    }

    async fn commit(&self, batch: Batch) -> Result<Seq, Error> {
        let removes = batch.writes.iter().any(|it| it.table == Table("versions") && it.value.is_none());
        if removes && !self.done.swap(true, Ordering::Relaxed) {
            let other = Place::on(self.inner.clone(), self.clock.clone()).await;
            other.put_version(1, Some("just now")).await;
        }
        self.inner.commit(batch).await
    }

    fn head(&self) -> watch::Receiver<Seq> {
        self.inner.head()
    }
}

/// A version that went without a sweep, as when the process ended between the two steps.
#[tokio::test]
async fn the_first_sweep_collects_what_an_earlier_process_left() {
    let place = Place::new().await;
    place.put_version(1, None).await;
    place.put_version(2, None).await;
    place.host.db.write(|tx| tx.remove::<Version>(&(place.id, 1))).await.unwrap();
    assert_eq!(place.rows("contents"), 2);
    assert!(place.sweep(Policy::forever()).await.is_empty());
    assert_eq!(place.rows("contents"), 1);
}

#[tokio::test]
async fn a_version_that_is_tagged_meanwhile_stays() {
    let clock = Arc::new(ManualClock::at_millis(day(0).as_millis()));
    let inner = Arc::new(Memory::new(clock.clone()));
    let store = Meddled { inner, clock: clock.clone(), done: AtomicBool::new(false) };
    let place = Place::on(Arc::new(store), clock).await;
    for seq in 1..=4 {
        place.put_version(seq, None).await;
    }
    assert_eq!(place.sweep(Policy { versions: 1, ..Policy::forever() }).await.versions, 2);
    assert_eq!(place.versions(), [1, 4]);
}

#[tokio::test]
async fn it_sweeps_after_some_minutes_and_every_hour_until_the_stop() {
    let place = Place::new().await;
    let service = place.service(Policy { versions: 1, ..Policy::forever() });
    service.start(&place.tasks);
    let mut seq = 0;
    for wait in [Duration::from_mins(5), Duration::from_hours(1), Duration::from_hours(1)] {
        seq += 2;
        place.put_version(seq - 1, None).await;
        place.put_version(seq, None).await;
        while place.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        place.clock.advance(wait.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(place.clock.sleepers(), 1, "it waits for {wait:?}");
        place.clock.advance(Duration::from_secs(1));
        while place.versions() != [seq] {
            tokio::task::yield_now().await;
        }
    }
    // Nobody moves the clock: the stop itself ends the wait.
    place.tasks.stop(&*place.clock, Duration::from_secs(8)).await;
    place.put_version(seq + 1, None).await;
    assert!(service.sweep(&Actor::System).await.unwrap().is_empty(), "a stopped engine removes nothing");
}

#[tokio::test]
async fn only_an_admin_may_ask_for_a_sweep() {
    let place = Place::new().await;
    let service = place.service(Policy::default());
    let id = Raw::derived(&["ana"]).into();
    for (actor, code) in [
        (Actor::Anonymous, Some("auth.required")),
        (Actor::User { id, role: Role::User }, Some("auth.forbidden")),
        (Actor::User { id, role: Role::Admin }, None),
        (Actor::System, None),
    ] {
        assert_eq!(service.sweep(&actor).await.err().map(|error| error.code().name), code, "{actor:?}");
    }
}

#[test]
fn a_policy_is_checked_and_reads_with_its_defaults() {
    assert!(Policy::default().check().is_ok() && Policy::forever().check().is_ok());
    let wrong = Policy { run_days: Policy::MAX_DAYS + 1, ..Policy::default() };
    assert_eq!(
        wrong.check().unwrap_err().to_string(),
        "retention: run_days is 36501, at most 36500; 0 is no limit"
    );
    let read: Policy = serde_json::from_str(r#"{"runs":7}"#).unwrap();
    assert_eq!(read, Policy { runs: 7, ..Policy::default() });
    assert!(serde_json::from_str::<Policy>(r#"{"run":7}"#).is_err());
}
