//! Saving, cloning, versions.

use std::sync::Arc;

use kubeorch_core::error::Kind;
use kubeorch_core::page::Page;
use kubeorch_core::versions::Label;
use kubeorch_core::workflows::{Change, New, Save};
use serde_json::json;

use crate::support::{account, engine, graph, lab, save, workflow};

#[tokio::test]
async fn of_two_saves_at_once_one_gets_the_current_revision_and_nothing_is_lost() {
    let lab = lab().await;
    let full = workflow(&lab, &[("a", "gadget", json!({ "name": "a" }))], &[]).await;
    let (workflows, id) = (lab.engine.workflows().clone(), full.workflow.id);
    let seen = full.workflow.revision;
    let attempt = |name: &'static str| {
        let (workflows, ana) = (workflows.clone(), lab.ana);
        async move {
            let graph = graph(&[("a", "gadget", json!({ "name": name }))], &[]);
            let save = Save { nodes: graph.nodes, revision: Some(seen), ..Save::default() };
            workflows.save(&ana, id, save).await
        }
    };
    let (first, second) = tokio::join!(attempt("first"), attempt("second"));
    let (won, lost) = match (first, second) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        other => panic!("one must win: {:?}", (other.0.is_ok(), other.1.is_ok())),
    };
    assert_eq!((lost.kind(), lost.code().name), (Kind::Conflict, "workflow.conflict"));
    assert_eq!(lost.detail().unwrap(), &("revision", json!(won.workflow.revision)));
    let read = workflows.get(&lab.ana, id).await.unwrap();
    assert_eq!(read.graph, won.graph);
}

#[tokio::test]
async fn data_round_trips_and_runtime_members_do_not() {
    let lab = lab().await;
    let data = json!({ "name": " a ", "unknown": { "_kept": [1, 2.5, null] }, "_linkedThing": "x", "_status": { "state": "stale" } });
    let full = workflow(&lab, &[("a", "gadget", data)], &[]).await;
    let expected = json!({ "name": "a", "unknown": { "_kept": [1, 2.5, null] }, "_linkedThing": "x" });
    assert_eq!(json!(full.graph.node("a").unwrap().data), expected);
}

#[tokio::test]
async fn versions_count_from_one_compare_and_restore_without_losing_work() {
    let lab = lab().await;
    let full = workflow(&lab, &[("a", "gadget", json!({ "name": "a" }))], &[]).await;
    let (workflows, id) = (lab.engine.workflows(), full.workflow.id);
    let label = Label { name: Some("first".into()), ..Label::default() };
    let made = workflows.create_version(&lab.ana, id, label).await.unwrap();
    assert_eq!(made.version.seq, 2);
    save(&lab, &full, &[("b", "gadget", json!({ "name": "b" }))], &[]).await;
    let (restored, now) = workflows.restore(&lab.ana, id, 2).await.unwrap();
    // 3 keeps what was saved and not versioned; 4 is the restored one.
    assert_eq!((restored.version.seq, restored.version.restored_from), (4, Some(2)));
    assert_eq!(now.graph.nodes[0].id, "a");
    let all = workflows.versions(&lab.ana, id, Page::new(0, 10)).await.unwrap();
    assert_eq!(all.total, 4);
    assert_eq!(all.items.iter().map(|item| item.version.seq).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let compared = workflows.compare(&lab.ana, id, 2, 3).await.unwrap();
    let diff = compared.diff();
    assert_eq!((diff.added_nodes.len(), diff.removed_nodes.len()), (1, 1));
    assert!(workflows.compare(&lab.ana, id, 2, 4).await.unwrap().diff().is_empty());
    assert_eq!(workflows.version(&lab.ana, id, 9).await.unwrap_err().code().name, "version.not_found");
    let edit = Label { tag: Some("v1".into()), name: Some(String::new()), ..Label::default() };
    let edited = workflows.edit_version(&lab.ana, id, 2, edit).await.unwrap().version;
    assert_eq!((edited.tag.as_deref(), edited.name), (Some("v1"), None));
}

#[tokio::test]
async fn foreign_and_deleted_workflows_look_unknown() {
    let lab = lab().await;
    let full = workflow(&lab, &[], &[]).await;
    let code = lab.engine.settings().invite_code(&lab.ana).await.unwrap();
    let ben = account(&lab.engine, "ben@acme.test", Some(&code)).await;
    let (workflows, id) = (lab.engine.workflows(), full.workflow.id);
    let change = Change { name: Some("x".into()), ..Change::default() };
    for answer in [
        workflows.get(&ben, id).await.err(),
        workflows.update(&ben, id, change).await.err(),
        workflows.clone_as(&ben, id, "copy").await.err(),
        workflows.delete(&ben, id).await.err(),
        workflows.versions(&ben, id, Page::new(0, 1)).await.err(),
    ] {
        assert_eq!(answer.map(|error| error.code().name), Some("workflow.not_found"));
    }
    workflows.delete(&lab.ana, id).await.unwrap();
    assert_eq!(workflows.get(&lab.ana, id).await.unwrap_err().code().name, "workflow.not_found");
    assert!(workflows.list(&lab.ana).await.unwrap().is_empty());
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Arc::new(kubeorch_core::kube::fake::Fake::new());
    let open = || async {
        let clock = Arc::new(kubeorch_core::time::SystemClock);
        let options = kubeorch_core::store::redb::Options::default();
        let store =
            kubeorch_core::store::redb::Redb::open(folder.path().join("store"), options, clock).unwrap();
        engine(Some(Arc::new(store)), &cluster).await
    };
    let first = open().await;
    let ana = account(&first, "ana@acme.test", None).await;
    let new = New { name: "shop".into(), description: "web".into(), cluster: "lab".into() };
    let made = first.workflows().create(&ana, new).await.unwrap();
    first.shutdown().await;
    drop(first);
    let second = open().await;
    assert_eq!(second.workflows().get(&ana, made.workflow.id).await.unwrap(), made);
}
