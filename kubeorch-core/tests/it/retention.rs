//! What callers see of what retention removed.

use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::Engine;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::retention::Policy;
use kubeorch_core::runs::{Follow, Followed, Options, Status, Values};
use kubeorch_core::versions::Label;
use kubeorch_core::workflows::{Change, Full};
use serde_json::json;

use crate::support::{Lab, account, workflow};

async fn lab(policy: Policy) -> Lab {
    let cluster = Arc::new(Fake::new());
    let namespace = json!({ "name": "default" });
    cluster.put(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": namespace }));
    let builder = Engine::builder().plugins(Arc::new(Types::toys())).cluster("lab", cluster.clone());
    let engine = builder.retention(policy).build().await.unwrap();
    let ana = account(&engine, "ana@acme.test", None).await;
    Lab { engine, cluster, ana }
}

#[tokio::test]
async fn what_was_removed_is_not_found_and_the_rest_goes_on() {
    let lab = lab(Policy { versions: 1, runs: 1, ..Policy::forever() }).await;
    let full = workflow(&lab, &[("a", "gadget", json!({ "name": "a" }))], &[]).await;
    let (workflows, runs, id) = (lab.engine.workflows(), lab.engine.runs(), full.workflow.id);
    // 1 is the first draft, 2 is named, 3 to 5 are of runs.
    let label = Label { name: Some("first".into()), ..Label::default() };
    workflows.create_version(&lab.ana, id, label).await.unwrap();
    let mut ran = Vec::new();
    for _ in 0..3 {
        let run = runs.start(&lab.ana, id, Values::default(), Options::default()).await.unwrap();
        let run = runs.wait(&lab.ana, run.id, Duration::from_secs(20)).await.unwrap();
        assert_eq!(run.status, Status::Completed, "{run:?}");
        ran.push(run.id);
    }
    let report = lab.engine.retention().sweep(&lab.ana).await.unwrap();
    assert_eq!((report.versions, report.runs), (3, 2));

    let code = |error: Option<kubeorch_core::Error>| error.map(|error| error.code().name);
    for answer in [
        workflows.version(&lab.ana, id, 3).await.err(),
        workflows.edit_version(&lab.ana, id, 3, Label::default()).await.err(),
        workflows.restore(&lab.ana, id, 3).await.err(),
        workflows.compare(&lab.ana, id, 2, 3).await.err(),
        workflows.compare(&lab.ana, id, 4, 5).await.err(),
    ] {
        assert_eq!(code(answer), Some("version.not_found"));
    }
    for answer in [
        runs.get(&lab.ana, ran[0]).await.err(),
        runs.wait(&lab.ana, ran[1], Duration::ZERO).await.err(),
        runs.cancel(&lab.ana, ran[1]).await.err(),
    ] {
        assert_eq!(code(answer), Some("run.not_found"));
    }
    assert_eq!(runs.list(&lab.ana, id, 9).await.unwrap().len(), 1);
    assert!(workflows.compare(&lab.ana, id, 2, 5).await.unwrap().diff().is_empty());
    let (restored, _) = workflows.restore(&lab.ana, id, 2).await.unwrap();
    assert_eq!(restored.version.seq, 6, "numbers are never given again");
    let run = runs.start(&lab.ana, id, Values::default(), Options::default()).await.unwrap();
    assert_eq!(run.version, 7);
    lab.engine.shutdown().await;
}

#[tokio::test]
async fn a_policy_that_makes_no_sense_builds_no_engine() {
    let policy = Policy { log_days: u64::MAX, ..Policy::default() };
    let built = Engine::builder().plugins(Arc::new(Types::toys())).retention(policy).build().await;
    assert_eq!(built.err().unwrap().code().name, "request.invalid");
}

/// Trims everything that is there.
async fn trim(lab: &Lab) -> u64 {
    let (upto, _) = lab
        .engine
        .store()
        .write(|tx| {
            let upto = tx.seq();
            tx.trim(upto);
            Ok::<_, kubeorch_core::store::Error>(upto.0)
        })
        .await
        .unwrap();
    upto
}

async fn rename(lab: &Lab, full: &Full, name: &str) {
    let change = Change { name: Some(name.into()), ..Change::default() };
    lab.engine.workflows().update(&lab.ana, full.workflow.id, change).await.unwrap();
}

/// The next thing that a follower sees, as an event's number and the snapshot's name.
async fn next(follow: &mut Follow) -> (Option<u64>, String) {
    let next = tokio::time::timeout(Duration::from_secs(20), follow.next()).await.expect("something comes");
    let number = match next.unwrap() {
        Followed::Event(event) => Some(event.seq),
        Followed::Resync => None,
    };
    (number, follow.snapshot().workflow.name.clone())
}

#[tokio::test]
async fn who_resumes_from_what_is_gone_begins_with_the_state_of_now() {
    let lab = lab(Policy::forever()).await;
    let full = workflow(&lab, &[], &[]).await;
    rename(&lab, &full, "one").await;
    let trimmed = trim(&lab).await;
    rename(&lab, &full, "two").await;
    rename(&lab, &full, "three").await;
    let follow = async |resume| {
        let mut follow = lab.engine.runs().follow(&lab.ana, full.workflow.id, resume).await.unwrap();
        rename(&lab, &full, "later").await;
        next(&mut follow).await.0.unwrap()
    };
    assert_eq!(follow(Some(trimmed)).await, trimmed + 1, "all after it are there");
    assert_eq!(follow(Some(trimmed + 1)).await, trimmed + 2);
    assert_eq!(follow(Some(trimmed - 1)).await, trimmed + 5, "one is missing: only what comes now");
    assert_eq!(follow(None).await, trimmed + 6);
}

#[tokio::test]
async fn who_falls_behind_the_end_of_the_log_gets_one_new_state_and_no_gap() {
    let lab = lab(Policy::forever()).await;
    let full = workflow(&lab, &[], &[]).await;
    let mut follow = lab.engine.runs().follow(&lab.ana, full.workflow.id, None).await.unwrap();
    for round in ["first", "second"] {
        rename(&lab, &full, "unseen").await;
        rename(&lab, &full, round).await;
        let trimmed = trim(&lab).await;
        assert_eq!(next(&mut follow).await, (None, round.to_owned()));
        rename(&lab, &full, "seen").await;
        assert_eq!(next(&mut follow).await, (Some(trimmed + 1), round.to_owned()));
    }
    rename(&lab, &full, "unseen").await;
    lab.engine.workflows().delete(&lab.ana, full.workflow.id).await.unwrap();
    trim(&lab).await;
    assert_eq!(follow.next().await.unwrap_err().code().name, "workflow.not_found");
}
